"""Payers as a practice knows them, by EDI payer id."""
