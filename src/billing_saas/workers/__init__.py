"""The queue at work: the relay rings, a worker claims, one act runs in one transaction.

`running` needs no broker; `broker` is the only file that knows dramatiq; `main.serve` starts it all.
"""
