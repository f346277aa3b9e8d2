"""Jobs owed: written in the transaction that asks for them, done once, never lost.

The job table owns attempts, leases, back-off and dead letters; a broker's message is only a bell.
"""
