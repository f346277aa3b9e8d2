"""How often Python looks for cycles: seldom, in processes that make many rows and few cycles."""

import gc

# Posting 10,000 claims spends a quarter of its time on collections that find nothing, by Python's
# defaults (700, 10, 10): rows are held, not leaked, and every full round walks all of them again.
_YOUNG, _MIDDLE, _OLD = 100_000, 20, 100


def seldom() -> None:
    """Once per process, after its imports: what stands is walked no more, what comes later seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
