"""`billing-saas edi`: look at EDI files without a database.

Exit codes: 0 clean (or the same), 1 findings (or differences), 2 something could not be read.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from billing_saas.edi import checking, differing, explaining, showing
from billing_saas.edi.delimiters import Unreadable
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.validation_options import Options
from billing_saas.kit import clock
from billing_saas.kit.money import dollars
from billing_saas.reference import codes

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
    """Hold a file to its guides, balances and code sets; say what is wrong, line by line."""
    answering = None
    if ack is not None:
        numbers = checking.Numbers(control_number)
        answering = checking.Answering(now=clock.now(), control_numbers=numbers)
    options = Options(code_sets=codes.checks())
    result = _reading(lambda: checking.check(file, answering=answering, options=options), file)
    for finding in result.findings:
        click.echo(f"{finding} ({finding.value})" if finding.value else str(finding))
    if ack is not None:
        _acknowledge(ack, result)
    if result.unreadable:
        _fail(file, result.unreadable)
    click.echo(
        f"{_count(len(result.findings), 'finding')} in {_count(result.set_count, 'set')}"
        f" of {_count(result.interchange_count, 'interchange')}"
    )
    raise SystemExit(result.exit_code)


@edi.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="As JSON, amounts in cents.")
def show(file: Path, as_json: bool) -> None:
    """Show what a file holds: its payments, claims, answers and what is wrong with it."""
    shown = _reading(lambda: showing.show(file), file)
    if as_json:
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    for line in _outline(shown):
        click.echo(line)


@edi.command()
@click.argument("first", type=click.Path(path_type=Path))
@click.argument("second", type=click.Path(path_type=Path))
def diff(first: Path, second: Path) -> None:
    """Say what two files say differently; layout makes no difference."""
    differences = _reading(lambda: list(differing.diff(first, second)), first, second)
    for line in differences:
        click.echo(line)
    raise SystemExit(1 if differences else 0)


@edi.command()
@_FILE
@click.option("--phi", is_flag=True, help="Show names, ids, birth dates and addresses as they are.")
def explain(file: Path, phi: bool) -> None:
    """Tell a file in words, segment by segment, with what its codes mean; patients are masked."""

    def tell() -> None:
        for line in explaining.explain(_chunks(file), phi=phi, titles=codes.titles()):
            click.echo(line)

    _reading(tell, file)


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            yield chunk


def _outline(value: dict[str, Any], depth: int = 0) -> Iterator[str]:
    """Nested values as indented lines; what is empty is left out."""
    indent = "  " * depth
    for name, held in value.items():
        words = name.removesuffix("_cents").replace("_", " ")
        for one in held if isinstance(held, list) else [held]:
            label = _singular(words) if isinstance(held, list) else words
            if isinstance(one, dict):
                yield f"{indent}{label}"
                yield from _outline(one, depth + 1)
            elif one not in (None, ""):
                told = dollars(one) if name.endswith("_cents") else one
                yield f"{indent}{label}: {told}"


def _singular(words: str) -> str:
    return words.removesuffix("es" if words.endswith(("uses", "ches")) else "s")


def _reading(work: Callable[[], T], *files: Path) -> T:
    """What cannot be read is said in one line, with the file it is about."""
    try:
        return work()
    except OSError as error:
        _fail(Path(error.filename or files[0]), error.strerror or "cannot be opened")
    except Unreadable as error:
        _fail(_culprit(files), str(error))


def _culprit(files: tuple[Path, ...]) -> Path:
    for file in files[:-1]:
        try:
            for _ in interchanges(_chunks(file)):
                pass
        except Unreadable:
            return file
    return files[-1]


def _acknowledge(file: Path, result: checking.CheckResult) -> None:
    if not result.acknowledgment:
        click.echo("no acknowledgment is due", err=True)
        return
    try:
        file.write_bytes(result.acknowledgment)
    except OSError as error:
        _fail(file, error.strerror or "cannot be written")


def _fail(file: Path, reason: str) -> NoReturn:
    click.echo(f"{file}: {reason}", err=True)
    raise SystemExit(_UNREADABLE)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
