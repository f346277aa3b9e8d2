"""`billing-saas audit`: seal the trail, verify it, prove what is in it, and tell who saw a patient.

Exit codes: 0 whole (or done), 1 something is wrong with the trail or a proof, or the command is refused
in a line, 2 a proof, key or anchor could not be read.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar
from uuid import UUID

import click

from billing_saas.cli_terminal import OPERATOR, plainly, read_settings, with_database
from billing_saas.kit.db import Database
from billing_saas.kit.settings import BadSettings, Settings
from billing_saas.kit.standing import standing

if TYPE_CHECKING:
    from billing_saas.kit.protocols import Anchor
    from billing_saas.seals.head_rules import SignedHead
    from billing_saas.seals.verifying import Verdict

T = TypeVar("T")
_MOST_TOLD = 20
_DAY = click.DateTime(["%Y-%m-%d"])
_PRACTICE = click.option("--practice", type=click.UUID, required=True)
_PUBLIC_KEY = click.option(
    "--public-key", help="Of the signing key, as noted outside: 64 hex digits (`audit key`)."
)


def _with_log(work: Callable[[Database, Settings], Awaitable[T]]) -> T:
    """Over a database in which this process may read every log."""
    with plainly():
        configured = read_settings()
        if not configured.embedded and not configured.sealer_database_url:
            raise BadSettings(["BILLING_SEALER_DATABASE_URL: needed to read the audit trail"])
        with standing(configured) as urls:

            async def prepared(database: Database) -> T:
                from billing_saas.tenants import provisioning

                await provisioning.initialise(database)
                return await work(database, configured)

            return with_database(configured, urls, prepared)


@click.group()
def audit() -> None:
    """The audit trail: seal, verify, prove, export, and who saw a patient."""


@audit.command()
def seal() -> None:
    """Seal and anchor, once, whatever waits; `billing-saas work` does it every second."""
    from billing_saas.gateways import anchors
    from billing_saas.workers.sealing import Watch

    async def once(database: Database, configured: Settings) -> "SignedHead | None":
        from billing_saas.seals import sealing

        anchor = anchors.anchor_at(configured.audit_anchor) if configured.audit_anchor else None
        await Watch(database, anchor).round()
        async with database.sealer() as db:
            return await sealing.last_head(db)

    head = _with_log(once)
    click.echo(f"The last head: {_told(head)}" if head else "There is nothing to seal.")


@audit.command()
def key() -> None:
    """Print the public key that heads are checked with. Note it outside of the database."""

    async def look(database: Database, _: Settings) -> dict[int, bytes]:
        from billing_saas.seals import signing

        async with database.sealer() as db:
            return await signing.public_keys(db)

    for version, public_key in sorted(_with_log(look).items()):
        click.echo(f"{version} {public_key.hex()}")


@audit.command()
@click.option("--practice", type=click.UUID, help="Compare the events of this practice only.")
@click.option("--anchors", help="Where heads were put: file:///… or s3://… (BILLING_AUDIT_ANCHOR).")
@click.option(
    "--remember", type=click.Path(path_type=Path), help="Keep what was seen in this file."
)
@click.option(
    "--proof", type=click.Path(path_type=Path), help="Check this file, without a database."
)
@_PUBLIC_KEY
def verify(
    practice: UUID | None,
    anchors: str | None,
    remember: Path | None,
    proof: Path | None,
    public_key: str | None,
) -> None:
    """Verify the whole trail, or a proof; name the first bad event and what is wrong with it."""
    pinned = _key(public_key)
    if proof is not None:
        if pinned is None:
            raise click.UsageError("--proof needs --public-key")
        _verify_proofs(proof, pinned)
        return

    async def look(database: Database, configured: Settings) -> "Verdict":
        return await _verified(database, _sinks(configured, anchors, remember), pinned, practice)

    verdict = _with_log(look)
    for fault in verdict.faults[:_MOST_TOLD]:
        click.echo(f"FAULT {fault}")
    if len(verdict.faults) > _MOST_TOLD:
        click.echo(f"and {len(verdict.faults) - _MOST_TOLD} more")
    click.echo(
        f"{verdict.heads} heads, {verdict.events} events of {verdict.practices} logs,"
        f" {verdict.unsealed} not sealed yet, {verdict.anchors} anchors"
    )
    if verdict.last is not None:
        click.echo(f"The last head: {_told(verdict.last)}")
    if verdict.faults:
        raise SystemExit(1)
    click.echo("The trail is whole." if verdict.anchors else _UNANCHORED)


_UNANCHORED = "The trail is whole, but nothing outside shows that its end was not cut off."


def _sinks(configured: Settings, given: str | None, remember: Path | None) -> list["Anchor"]:
    from billing_saas.gateways import anchors

    address = given or configured.audit_anchor
    if address and not address.startswith(("file:///", "s3://")):
        raise click.UsageError("--anchors must start with file:/// or s3://")
    sinks = [anchors.anchor_at(address)] if address else []
    return [*sinks, anchors.FileAnchor(remember)] if remember is not None else sinks


async def _verified(
    database: Database, sinks: list["Anchor"], pinned: bytes | None, practice: UUID | None
) -> "Verdict":
    import msgspec

    from billing_saas.gateways.anchors import FileAnchor
    from billing_saas.seals import verifying

    anchored = [_head(line) for sink in sinks async for line in sink.lines()]
    async with database.sealer() as db:
        verdict = await verifying.verify(db, anchored, pinned=pinned, only=practice)
    last = sinks[-1] if sinks else None
    if (
        isinstance(last, FileAnchor)
        and not verdict.faults
        and verdict.last not in (None, *anchored)
    ):
        await last.append("", msgspec.json.encode(verdict.last))
    return verdict


def _head(line: bytes) -> "SignedHead":
    import msgspec

    from billing_saas.seals.head_rules import SignedHead

    try:
        return msgspec.json.decode(line, type=SignedHead)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        _unreadable("an anchor holds what is no head: it was written by others, or cut short")


def _verify_proofs(path: Path, public_key: bytes) -> None:
    """One proof, or a file of an export: one on each line."""
    from billing_saas.seals import head_rules
    from billing_saas.seals.merkle_rules import BadProof

    count = 0
    for number, line in enumerate(_lines(path), 1):
        try:
            head_rules.read_proof(line).check(public_key)
        except BadProof as error:
            click.echo(f"{path}, line {number}: {error}")
            raise SystemExit(1) from error
        count += 1
    if not count:
        _unreadable(f"{path} holds no proof")
    click.echo("The proof holds." if count == 1 else f"All {count} proofs hold.")


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            yield from (line for line in file if line.strip())
    except OSError as error:
        _unreadable(f"{path}: {error.strerror or 'cannot be read'}")


@audit.command()
@click.argument("event", type=click.UUID)
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file.")
def prove(event: UUID, out: Path | None) -> None:
    """Prove that an event stands in the log, to whoever has the public key."""

    async def made(database: Database, _: Settings) -> bytes:
        import msgspec

        from billing_saas.seals import proving

        async with database.sealer() as db:
            return msgspec.json.encode(await proving.inclusion(db, event))

    _write(out, [_with_log(made)])


@audit.command("prove-growth")
@click.argument("practice", type=click.UUID)
@click.argument("first", type=click.IntRange(min=1))
@click.argument("second", type=click.IntRange(min=1))
@click.option("--out", type=click.Path(path_type=Path), help="Write to this file.")
def prove_growth(practice: UUID, first: int, second: int, out: Path | None) -> None:
    """Prove that a practice's log at the FIRST head is a beginning of its log at the SECOND."""

    async def made(database: Database, _: Settings) -> bytes:
        import msgspec

        from billing_saas.seals import proving

        async with database.sealer() as db:
            return msgspec.json.encode(await proving.consistency(db, practice, first, second))

    _write(out, [_with_log(made)])


@audit.command()
@_PRACTICE
@click.option("--from", "since", type=_DAY, required=True, help="The first day, UTC.")
@click.option("--until", type=_DAY, required=True, help="The day after the last, UTC.")
@click.option("--out", type=click.Path(path_type=Path), required=True)
def export(practice: UUID, since: datetime, until: datetime, out: Path) -> None:
    """Write the events of a practice and period as JSON lines, each a proof. No PHI is in them."""

    async def write(database: Database, _: Settings) -> int:
        import msgspec

        from billing_saas.audit import trail
        from billing_saas.seals import proving

        # An export is told first: what could not be told is not handed out.
        async with database.tenant(practice) as told:
            await trail.record(told, OPERATOR, "audit.export", object_type="audit_event")
        count = 0
        with out.open("wb") as file:
            async with database.sealer() as db:
                period = since.replace(tzinfo=UTC), until.replace(tzinfo=UTC)
                async for proof in proving.export(db, practice, *period):
                    file.write(msgspec.json.encode(proof) + b"\n")
                    count += 1
        return count

    try:
        count = _with_log(write)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or 'cannot be written'}") from error
    click.echo(f"{count} events in {out}")


@audit.command()
@click.argument("patient", type=click.UUID)
@_PRACTICE
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
def who(patient: UUID, practice: UUID, limit: int) -> None:
    """Tell who saw or changed a patient's record, newest first. Asking is told, too."""

    async def look(database: Database, _: Settings) -> list[str]:
        from dataclasses import replace

        from billing_saas.audit import queries
        from billing_saas.kit.paging import PageRequest

        actor = replace(OPERATOR, permissions=frozenset({"audit.read"}))
        async with database.tenant(practice) as db:
            found = await queries.accesses(db, actor, patient, PageRequest(limit))
        return [
            f"{event.at:%Y-%m-%d %H:%M:%S}Z  {event.action:24} {event.outcome:6}"
            f" {event.actor_kind} {event.actor_id}  {event.purpose}  event {event.id}"
            for event in found.rows
        ]

    lines = _with_log(look)
    for line in lines or ["Nobody, in this practice."]:
        click.echo(line)


def _write(out: Path | None, lines: list[bytes]) -> None:
    text = b"\n".join(lines) + b"\n"
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_bytes(text)
    except OSError as error:
        raise click.ClickException(f"{out}: {error.strerror or 'cannot be written'}") from error
    click.echo(f"The proof is in {out}")


def _key(text: str | None) -> bytes | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text):
        raise click.UsageError("--public-key must be 64 hex digits, as `audit key` prints them")
    return bytes.fromhex(text)


def _told(signed: "SignedHead") -> str:
    head = signed.head
    return f"{head.number} of {head.at}, {head.hash().hex()}"


def _unreadable(reason: str) -> NoReturn:
    click.echo(reason, err=True)
    raise SystemExit(2)
