"""`billing-saas messages`: the numbers that texts leave from, and letters that came back."""

import sys
from pathlib import Path
from uuid import UUID

import click

from billing_saas.cli_terminal import OPERATOR, in_database
from billing_saas.kit.db import Database

_MOST_BYTES = 1 << 20


@click.group()
def messages() -> None:
    """Messages to patients: numbers of practices, and letters that came back."""


@messages.command()
@click.argument("practice", type=click.UUID)
@click.argument("number", default="")
def number(practice: UUID, number: str) -> None:
    """Let a practice's texts leave from NUMBER (such as +13125550100); without one, none leave."""
    from billing_saas.carriage import numbering

    async def give(database: Database) -> None:
        async with database.platform() as platform:
            await numbering.give(platform, OPERATOR, practice, number)

    in_database(give)
    click.echo(f"Texts leave from {number}." if number else "No texts leave.")


@messages.command()
@click.argument("files", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1)
def returned(files: tuple[Path, ...]) -> None:
    """Take in letters that came back: FILES, or one on standard input, as a server of mail pipes it."""
    from billing_saas.carriage import knocking

    contents = [path.read_bytes()[:_MOST_BYTES] for path in files]
    if not files:
        contents = [sys.stdin.buffer.read(_MOST_BYTES)]

    async def take_in(database: Database) -> list[bool]:
        return [await knocking.mail_came(database, content) for content in contents]

    found = in_database(take_in)
    click.echo(f"{sum(found)} of {len(found)} lead to a message of ours.")
