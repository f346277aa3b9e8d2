"""Scans, letters and cards: what a file is, whom it concerns, and that it is no trap."""
