"""How messages to patients leave, and what comes back of them: bounces, complaints, and who wants no more."""
