"""Statements going out: a practice's rules, runs, issuing, void ones, print batches, lists for staff."""
