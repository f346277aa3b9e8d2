"""Hardship, and debts handed to an agency: eligibility, placement, recall, what the agency paid."""
