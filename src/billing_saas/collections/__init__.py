"""Accounts placed with collection agencies: proposed by rule, placed by a person, ended by name."""
