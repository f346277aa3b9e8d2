"""`billing-saas phi`: a practice's keys, and whether its sealed data is what was written.

Exit codes: 0 done (or clean), 1 findings, or a refusal that is said in a line.
"""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from sqlalchemy import select

from billing_saas.cli_terminal import OPERATOR, in_database
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database

_PRACTICE = click.argument("practice", type=click.UUID)


def _keeper() -> Actor:
    """Whoever may run commands on the machine may keep keys; nobody else has these permissions."""
    from billing_saas.custody import destroying, rotating

    permissions = frozenset({rotating.ROTATE, rotating.REWRAP, destroying.DESTROY})
    return replace(OPERATOR, permissions=permissions)


@click.group()
def phi() -> None:
    """Keys of practices: list, rotate, verify, destroy."""


@phi.command()
@_PRACTICE
def keys(practice: UUID) -> None:
    """List a practice's keys, what is sealed with each, and rotations under way."""

    async def look(database: Database) -> list[str]:
        from billing_saas.custody import listing

        async with database.tenant(practice) as db:
            return [*map(str, await listing.keys(db)), *map(str, await listing.rotations(db))]

    for line in in_database(look):
        click.echo(line)


@phi.command()
@_PRACTICE
@click.option(
    "--purpose",
    type=click.Choice(["dek", "dekr"]),
    default="dek",
    show_default=True,
    help="The key of documents, or of restricted records.",
)
def rotate(practice: UUID, purpose: str) -> None:
    """Begin to replace a key; a worker goes on with it. One under way is set going again."""

    async def begin(database: Database) -> str:
        from billing_saas.custody import listing, rotating

        async with database.tenant(practice) as db:
            await rotating.start(db, _keeper(), purpose)
            return str((await listing.rotations(db))[-1])

    click.echo(in_database(begin))


@phi.command()
@_PRACTICE
def rewrap(practice: UUID) -> None:
    """Wrap a practice's keys again under the newest version of its key in the provider."""

    async def wrap(database: Database) -> int:
        from billing_saas.custody import rotating

        async with database.tenant(practice) as db:
            return await rotating.rewrap(db, _keeper())

    click.echo(f"{in_database(wrap)} keys wrapped again.")


@phi.command()
@click.argument("practice", type=click.UUID, required=False)
def verify(practice: UUID | None) -> None:
    """Hold sealed cells against the audit trail: find an older ciphertext that was put back.

    Of one practice, or of all. Nothing is opened, and nothing but names and ids is told. Whether the
    trail itself is whole, `billing-saas audit verify` says.
    """
    findings = in_database(_verifying(practice))
    if findings:
        raise click.ClickException(f"{findings} cells or events are not what was written.")


def _verifying(practice: UUID | None) -> Callable[[Database], Coroutine[Any, Any, int]]:
    async def look(database: Database) -> int:
        from billing_saas.tenants.tables import Practice

        ids = [practice]
        if practice is None:
            async with database.platform() as platform:
                query = select(Practice.tenant_id).order_by(Practice.tenant_id)
                ids = list(await platform.scalars(query))
        return sum([await _verify_one(database, one) for one in ids if one is not None])

    return look


async def _verify_one(database: Database, practice: UUID) -> int:
    from billing_saas.audit import attesting

    async with database.tenant(practice) as db:
        verdict = await attesting.verify(db)
    changed = [(checked.cell.name, row) for checked in verdict.checked for row in checked.changed]
    for name, row in changed:
        click.echo(f"{practice}  {name}  {row}  is not what was written last")
    for event in verdict.unfaithful:
        click.echo(
            f"{practice}  audit_content  event {event}  does not hold what it was recorded with"
        )
    for checked in verdict.checked:
        if checked.unattested:
            click.echo(f"{practice}  {checked.cell.name}  {checked.unattested} unattested")
    cells = sum(checked.cells for checked in verdict.checked)
    click.echo(
        f"{practice}  {cells} cells, {len(changed)} changed, {verdict.unattested} unattested"
    )
    return len(changed) + len(verdict.unfaithful)


@phi.command()
@_PRACTICE
@click.option(
    "--export-certificate",
    "certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="What says that the practice's data was handed over; its SHA-256 goes on record.",
)
@click.option(
    "--name", prompt="Type the practice's name", help="The practice's name, as confirmation."
)
def destroy(practice: UUID, certificate: Path, name: str) -> None:
    """Destroy a practice's key for ever: its data cannot be read again, from any backup."""
    digest = hashlib.sha256(certificate.read_bytes()).hexdigest()

    async def end(database: Database) -> None:
        from billing_saas.custody import destroying

        await destroying.destroy(database, _keeper(), practice, name=name, certificate=digest)

    in_database(end)
    click.echo(f"The key of {practice} is destroyed; certificate {digest} is on record.")
