"""`billing-saas edi`: look at EDI files without a database.

Exit codes: 0 clean, 1 findings, 2 nothing could be read.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from billing_saas.edi import checking, explaining
from billing_saas.edi.delimiters import Unreadable
from billing_saas.kit import clock

T = TypeVar("T")
_UNREADABLE = 2
_CHUNK = 1 << 16
_FILE = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def edi() -> None:
    """Look at EDI files: show, check, explain, compare."""


@edi.command()
@_FILE
@click.option("--ack", type=click.Path(path_type=Path), help="Write the TA1 or 999 to this file.")
@click.option("--control-number", type=click.IntRange(1, 999_999_999), default=1, show_default=True)
def check(file: Path, ack: Path | None, control_number: int) -> None:
    """Hold a file to its guides and balances; say what is wrong, line by line."""
    answering = None
    if ack is not None:
        numbers = checking.Numbers(control_number)
        answering = checking.Answering(now=clock.now(), control_numbers=numbers)
    result = _reading(file, lambda: checking.check(file, answering=answering))
    for finding in result.findings:
        click.echo(str(finding))
    if ack is not None and result.acknowledgment:
        _writing(ack, result.acknowledgment)
    if result.unreadable:
        _fail(file, result.unreadable)
    click.echo(
        f"{_count(len(result.findings), 'finding')} in {_count(result.set_count, 'set')}"
        f" of {_count(result.interchange_count, 'interchange')}"
    )
    raise SystemExit(result.exit_code)


@edi.command()
@_FILE
@click.option("--phi", is_flag=True, help="Show names, ids, birth dates and addresses as they are.")
def explain(file: Path, phi: bool) -> None:
    """Tell a file in words, segment by segment; patients are masked."""

    def tell() -> None:
        for line in explaining.explain(_chunks(file), phi=phi):
            click.echo(line)

    _reading(file, tell)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _reading(file: Path, work: Callable[[], T]) -> T:
    """What cannot be read is said in one line."""
    try:
        return work()
    except OSError as error:
        _fail(file, error.strerror or "cannot be opened")
    except Unreadable as error:
        _fail(file, str(error))


def _writing(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        _fail(file, error.strerror or "cannot be written")


def _fail(file: Path, reason: str) -> NoReturn:
    click.echo(f"{file}: {reason}", err=True)
    raise SystemExit(_UNREADABLE)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
