"""A stand-in for Stripe, over real HTTP: docs/sandbox-stripe.md says what it does and what it does not.

It is written from Stripe's published documentation and shapes, shares no code with it, and moves no money.
`running.Sandbox` starts it.
"""
