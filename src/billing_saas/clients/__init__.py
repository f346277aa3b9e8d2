"""Machines of a practice: API clients, their secrets and public keys, and the tokens they are given."""
