"""What the processor says of a payment, written down once: charges, refunds, disputes, payouts, the books beside its own."""
