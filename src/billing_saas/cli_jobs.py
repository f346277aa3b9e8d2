"""`billing-saas jobs`: what is owed, what is due, what a person must look at, and what is broken.

Exit codes: 0 done (or well), 1 findings, or a refusal that is said in a line.
"""

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import click

from billing_saas.cli_terminal import OPERATOR, in_database
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database
from billing_saas.kit.paging import MOST, PageRequest

if TYPE_CHECKING:
    from billing_saas.outbox.dead_letters import DeadLetter

_LETTERS = click.argument("letters", metavar="ID...", type=click.UUID, nargs=-1, required=True)


def _operator() -> Actor:
    """Whoever may run commands on the machine may see to its jobs."""
    from billing_saas.outbox import dead_letters

    return replace(OPERATOR, permissions=frozenset({dead_letters.READ, dead_letters.REPLAY}))


@click.group()
def jobs() -> None:
    """Jobs: due, dead, replayed, discarded; and whether the invariants hold."""
    from billing_saas.workers import registry  # noqa: F401  # every room's jobs, for their sentences


@jobs.command()
@click.option("--practice", type=click.UUID, help="Of this practice only.")
@click.option("--most", type=click.IntRange(1, MOST), default=50, show_default=True)
def dead(practice: UUID | None, most: int) -> None:
    """List the dead letters, newest first."""

    async def look(database: Database) -> list["DeadLetter"]:
        from billing_saas.outbox import dead_letters

        page = PageRequest(most)
        if practice is not None:
            async with database.tenant(practice) as db:
                return (await dead_letters.listed(db, _operator(), page)).rows
        async with database.platform() as platform:
            return (await dead_letters.listed(platform, _operator(), page)).rows

    found = in_database(look)
    for letter in found:
        where = letter.tenant_id or "platform"
        click.echo(f"{letter.id}  {letter.parked_at:%Y-%m-%d %H:%M}Z  {where}  {letter.kind}")
        click.echo(f"    {letter.explanation}")
    if not found:
        click.echo("No dead letters.")


@jobs.command()
@click.argument("letter", metavar="ID", type=click.UUID)
def show(letter: UUID) -> None:
    """Show one dead letter: what it was for, and why it is dead."""

    async def look(database: Database) -> "DeadLetter":
        from billing_saas.outbox import dead_letters

        async with database.platform() as platform:
            return await dead_letters.shown(platform, _operator(), letter)

    found = in_database(look)
    arguments = ", ".join(f"{name} {value}" for name, value in found.arguments.items())
    lines = {
        "job": f"{found.id} ({found.state})",
        "kind": f"{found.kind}: {found.about}",
        "of": f"practice {found.tenant_id}" if found.tenant_id else "the platform",
        "about": arguments or "-",
        "queue": found.queue,
        "attempts": f"{found.attempts} of {found.most_attempts}, {found.lost} without a word",
        "error": found.error,
        "why": found.explanation,
        "asked for": f"{found.created_at:%Y-%m-%d %H:%M:%S}Z, request {found.request_id or '-'}",
        "parked": f"{found.parked_at:%Y-%m-%d %H:%M:%S}Z",
    }
    for name, value in lines.items():
        click.echo(f"{name:<10} {value}")


@jobs.command()
@_LETTERS
def replay(letters: tuple[UUID, ...]) -> None:
    """Owe dead letters again, each as a new job; told in the practice's audit trail."""

    async def work(database: Database) -> None:
        for letter in letters:
            click.echo(f"{letter} is owed again as {await _replay(database, letter)}")

    in_database(work)


async def _replay(database: Database, letter: UUID) -> UUID:
    from billing_saas.outbox import dead_letters

    practice = await _practice_of(database, letter)
    if practice is None:
        async with database.platform() as platform:
            return await dead_letters.replay(platform, _operator(), letter)
    async with database.tenant(practice) as db:
        return await dead_letters.replay(db, _operator(), letter)


@jobs.command()
@_LETTERS
def discard(letters: tuple[UUID, ...]) -> None:
    """Be done with dead letters that were seen to otherwise; told in the practice's audit trail."""

    async def work(database: Database) -> None:
        for letter in letters:
            await _discard(database, letter)
            click.echo(f"{letter} is discarded")

    in_database(work)


async def _discard(database: Database, letter: UUID) -> None:
    from billing_saas.outbox import dead_letters

    practice = await _practice_of(database, letter)
    if practice is None:
        async with database.platform() as platform:
            await dead_letters.discard(platform, _operator(), letter)
        return
    async with database.tenant(practice) as db:
        await dead_letters.discard(db, _operator(), letter)


async def _practice_of(database: Database, letter: UUID) -> UUID | None:
    """Acts on a practice's job happen in the practice, where its audit trail is."""
    from billing_saas.outbox import dead_letters

    async with database.platform() as platform:
        return (await dead_letters.shown(platform, _operator(), letter)).tenant_id


@jobs.command()
@click.option("--most", type=click.IntRange(1, 10_000), default=50, show_default=True)
def due(most: int) -> None:
    """Show what is owed per queue, and when each schedule is due next."""

    async def look(database: Database) -> list[str]:
        from billing_saas.outbox import queries

        async with database.platform() as platform:
            lines = [
                f"{owed.queue:<12} {owed.due} due (oldest {owed.oldest_due_seconds:.0f} s),"
                f" {owed.waiting} waiting, {owed.leased} at work, {owed.dead} dead"
                for owed in await queries.backlog(platform)
            ]
            for one in await queries.due_times(platform, most=most):
                last = f"{one.last_due_at:%Y-%m-%d %H:%M}Z" if one.last_due_at else "never"
                lines.append(
                    f"{one.due_at:%Y-%m-%d %H:%M}Z  {one.name}  {one.rhythm} in {one.time_zone}"
                    f"  {one.tenant_id or 'platform'}  last {last}"
                )
        return lines

    for line in in_database(look):
        click.echo(line)


@jobs.command()
@click.argument("practice", type=click.UUID)
def check(practice: UUID) -> None:
    """Ask a practice's invariants now, and say what is broken. Ends with 1 on a finding."""

    async def look(database: Database) -> dict[str, list[str] | None]:
        from billing_saas.reports import invariants

        asker = replace(OPERATOR, permissions=frozenset({"ledger.read"}))
        async with database.tenant(practice) as db:
            return await invariants.ask(db, asker)

    broken = 0
    for name, found in in_database(look).items():
        state = "not asked" if found is None else "BROKEN" if found else "ok"
        click.echo(f"[{state}] {name}")
        for what in found or ():
            click.echo(f"    {what}")
        broken += bool(found)
    if broken:
        raise click.ClickException(f"{broken} broken.")
