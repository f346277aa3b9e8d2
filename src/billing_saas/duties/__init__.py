"""Which fields a role sees, and what one person may not do both of: a practice's own settings for it."""
