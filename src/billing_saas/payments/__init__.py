"""Money from patients: checkout, refunds, disputes, payouts, cash and cheques."""
