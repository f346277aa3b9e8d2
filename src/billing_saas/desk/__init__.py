"""The front desk: money taken over the counter or asked for on a screen, receipts, drawers, a person's credit."""
