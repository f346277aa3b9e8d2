"""Letters to people who work here: written in the transaction that asks, sent by the outbox, then blank.

No patient is ever written of, or to: a letter says that there is something, and where to sign in.
"""
