"""A file of a stranger is opened in a process of its own, and only what that one passes is kept."""

import asyncio
import sys
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import msgspec

from billing_saas.documents import opening, rules
from billing_saas.documents.errors import DocumentRefused

_PATIENCE_SECONDS = 30.0
# Each may take a processor and a gigabyte.
_AT_ONCE = 2
_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Inspected:
    media_type: str
    pages: int
    content: bytes


async def inspect(content: bytes, declared: str) -> Inspected:
    """The file as it may be kept, or `DocumentRefused` with the reason in words for its sender."""
    media_type = rules.media_type(content, declared)
    loop = asyncio.get_running_loop()
    gate = _gates.setdefault(loop, asyncio.Semaphore(_AT_ONCE))
    async with gate:
        written = await _opened(media_type, content)
    line, _, kept = written.partition(b"\n")
    try:
        answer = msgspec.json.decode(line, type=dict[str, int | str])
    except msgspec.DecodeError:
        # It was ended by its limits before it could say so.
        raise DocumentRefused(
            "The file cannot be opened safely.", field="content", reason="unsafe"
        ) from None
    if "refused" in answer:
        raise DocumentRefused(
            str(answer["message"]), field="content", reason=str(answer["refused"])
        )
    return Inspected(media_type, int(answer["pages"]), kept)


async def _opened(media_type: str, content: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", opening.__name__, media_type),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
    )
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            written, _ = await process.communicate(content)
    except TimeoutError:
        written = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return written
