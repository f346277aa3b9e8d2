"""What a patient owes and why: open items, explanations, statements as bills, and dunning clocks."""
