"""Patients: sealed demographics, found by blind index or by opening small name columns."""
