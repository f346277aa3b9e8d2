"""The journal of each practice: accounts, entries that sum to zero, balances, closed months. Append-only."""
