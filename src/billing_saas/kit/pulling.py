"""Let a synchronous reader pull from an asynchronous source, without gathering it first.

Readers of files are plain iterators (they also serve the command line); files are stored in chunks
that arrive asynchronously. SQLAlchemy's greenlet bridge joins the two.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from sqlalchemy.util import await_only, greenlet_spawn

T = TypeVar("T")
R = TypeVar("R")


def _pulled(source: AsyncIterator[T]) -> Iterator[T]:
    while True:
        try:
            yield await_only(anext(source))
        except StopAsyncIteration:
            return


async def reading(source: AsyncIterator[T], read: Callable[[Iterator[T]], R]) -> R:
    """Run `read` over the chunks of `source`; inside it, `kit.pulling.wait` may await."""
    return await greenlet_spawn(read, _pulled(source))


wait = await_only
