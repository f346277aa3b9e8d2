"""Policies of patients, in the order of their payers."""
