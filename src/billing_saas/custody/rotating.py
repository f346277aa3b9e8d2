"""A practice's document key is replaced while the practice works: no read fails, nothing stands still.

A new version is made, and waits until every process has read it; then it seals, and the one before it
only opens. Rows are sealed again as they are written, and by a walk over every table, a batch in a
transaction with the place it came to, so that a worker may be killed anywhere. When no row needs the
old version, and no process can still seal with it, it is destroyed.

A cell that is not what the trail says was written last stays as it is: sealed again, an old ciphertext
that was put back would look like new. It holds the rotation up until a person has mended it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, text

from billing_saas.audit import attesting, contents, trail
from billing_saas.audit.contents import Content
from billing_saas.custody.errors import RotationNotFound
from billing_saas.custody.jobs import FindWornKeys, RotateKeys, StartRotation
from billing_saas.custody.tables import KeyRotation
from billing_saas.kit import clock, logs, points
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.outbox import queue
from billing_saas.phi import keyring, provisioning, registry, resealing, sealing
from billing_saas.phi.keyring import Keyring
from billing_saas.phi.registry import Cell
from billing_saas.phi.resealing import Old, Sheet

ROTATE = "keys.rotate"
REWRAP = "keys.rewrap"
LONGEST_AGE = timedelta(days=365)
# A process whose provider is down seals with kept keys for an hour, and an act may take a quarter of
# one: after this no transaction is left that sealed with the version before.
SETTLED_AFTER = keyring.KEPT_WHILE_DOWN + timedelta(minutes=30)
_LOOK_AGAIN = timedelta(days=1)
_NOWHERE = UUID(int=0)


async def start(db: TenantSession, actor: Actor, purpose: str = keyring.DOCUMENTS) -> KeyRotation:
    """Begin to replace the key of `purpose`; one that is under way is set going again instead."""
    actor.must(ROTATE)
    await db.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"custody.rotate {db.tenant_id} {purpose}"},
    )
    rotation = await db.scalar(
        select(KeyRotation).where(
            KeyRotation.tenant_id == db.tenant_id,
            KeyRotation.purpose == purpose,
            KeyRotation.state != "done",
        )
    )
    if rotation is None:
        rotation = KeyRotation(
            tenant_id=db.tenant_id,
            id=new_id(),
            purpose=purpose,
            to_version=await provisioning.add_version(db, purpose),
            state="pending",
            table_number=0,
            pass_=1,
            step=0,
            resealed=0,
            held=0,
            started_at=clock.now(),
        )
        db.add(rotation)
        await _tell(db, actor, "keys.rotate", rotation)
    await _next(db, rotation, _due_at(rotation))
    return rotation


async def rewrap(db: TenantSession, actor: Actor) -> int:
    """After the practice's key in the provider has a new version; how many keys were wrapped again."""
    actor.must(REWRAP)
    count = await provisioning.rewrap(db)
    await trail.record(
        db,
        actor,
        "keys.rewrap",
        object_type="practice",
        object_id=db.tenant_id,
        detail={"count": count},
    )
    return count


async def start_due(db: TenantSession, actor: Actor, job: StartRotation) -> None:
    await start(db, actor, job.purpose)


async def find_worn(db: PlatformSession, actor: Actor, _job: FindWornKeys) -> None:
    """Keys that have sealed 2^30 messages (NIST SP 800-38D, 8.3, allows 2^32) or are a year old."""
    actor.must(ROTATE)
    worn = await db.execute(
        text(
            "SELECT tenant_id, purpose FROM tenant_key WHERE state = 'primary' AND purpose <> 'bik'"
            " AND (messages >= :most OR created_at < :before)"
        ),
        {"most": sealing.ROTATE_AT_MESSAGES, "before": clock.now() - LONGEST_AGE},
    )
    for tenant_id, purpose in worn.all():
        await queue.add_for_practice(db, tenant_id, [StartRotation(purpose)])


async def step(db: TenantSession, actor: Actor, job: RotateKeys) -> None:
    """Take the rotation one step on, and ask for the next one, in one transaction."""
    await step_over(db, actor, job, registry.CELLS)


async def step_over(
    db: TenantSession, actor: Actor, job: RotateKeys, cells: Sequence[Cell]
) -> None:
    actor.must(ROTATE)
    rotation = await db.scalar(
        select(KeyRotation)
        .where(KeyRotation.tenant_id == db.tenant_id, KeyRotation.id == job.rotation_id)
        .with_for_update()
    )
    if rotation is None:
        raise RotationNotFound("There is no such rotation.")
    if rotation.step != job.step or rotation.state == "done":
        return  # another job took this step
    due_at = _due_at(rotation)
    if clock.now() < due_at:
        await _next(db, rotation, due_at)
        return
    sheets = resealing.sheets(rotation.purpose, cells)
    if rotation.state == "pending":
        await _promote(db, actor, rotation)
    elif rotation.state == "resealing":
        await _reseal(db, actor, rotation, sheets)
    else:
        await _settle(db, actor, rotation, sheets)


def _due_at(rotation: KeyRotation) -> datetime:
    """When the next step makes sense: every process must have read what it builds on."""
    if rotation.state == "pending":
        return rotation.started_at + 2 * keyring.KEPT_FOR
    promoted_at = rotation.promoted_at or rotation.started_at
    if rotation.state == "settling":
        return promoted_at + SETTLED_AFTER
    return promoted_at + keyring.KEPT_FOR


async def _next(db: TenantSession, rotation: KeyRotation, at: datetime) -> None:
    rotation.step += 1
    await db.flush()
    run_at = at if at > clock.now() else None
    await queue.add(db, RotateKeys(rotation.id, rotation.step), run_at=run_at)


async def _promote(db: TenantSession, actor: Actor, rotation: KeyRotation) -> None:
    await provisioning.promote(db, rotation.purpose, rotation.to_version)
    rotation.state = "resealing"
    rotation.promoted_at = clock.now()
    await _tell(db, actor, "keys.promote", rotation)
    await _next(db, rotation, _due_at(rotation))


async def _reseal(
    db: TenantSession, actor: Actor, rotation: KeyRotation, sheets: Sequence[Sheet]
) -> None:
    """The next batch of the walk; past the last table the pass is over."""
    if rotation.after_id is None:
        rotation.held = 0
    for sheet in sheets:
        if sheet.number < rotation.table_number:
            continue
        after = rotation.after_id if sheet.number == rotation.table_number else None
        rows = await resealing.old(db, sheet, rotation.to_version, after or _NOWHERE)
        if not rows:
            continue
        points.reach("custody.rotating.locked")
        await _reseal_rows(db, actor, rotation, sheet, rows)
        rotation.table_number, rotation.after_id = sheet.number, rows[-1].row_id
        points.reach("custody.rotating.resealed")
        await _next(db, rotation, clock.now())
        return
    rotation.state = "settling"
    await _next(db, rotation, _due_at(rotation))


async def _reseal_rows(
    db: TenantSession, actor: Actor, rotation: KeyRotation, sheet: Sheet, rows: Sequence[Old]
) -> None:
    ring = await _newest(db, rotation)
    last = await attesting.last_hashes(db, sheet.number, [row.row_id for row in rows])
    again: dict[UUID, tuple[bytes | None, ...]] = {}
    written: list[Content] = []
    for row in rows:
        sealed = None
        if _is_as_written(sheet, row, last):
            sealed = resealing.sealed_again(ring, sheet, row)
        if sealed is None:
            rotation.held += 1
            continue
        again[row.row_id] = sealed
        written += [
            contents.of(cell, row.row_id, one)
            for cell, one in zip(sheet.cells, sealed, strict=True)
            if one is not None
        ]
    if len(again) < len(rows):
        held = len(rows) - len(again)
        logs.get().error("sealed cells held", tenant=db.tenant_id, step=sheet.table, rows=held)
    await resealing.write(db, sheet, rotation.to_version, again)
    rotation.resealed += len(again)
    await trail.record(
        db,
        actor,
        "keys.reseal",
        object_type="practice",
        object_id=db.tenant_id,
        sealed=written,
        detail={"kind": sheet.table, "rows": len(again), "key_ver": rotation.to_version},
    )


def _is_as_written(sheet: Sheet, row: Old, last: dict[tuple[UUID, int], bytes]) -> bool:
    for cell, sealed in zip(sheet.cells, row.sealed, strict=True):
        known = last.get((row.row_id, cell.column_number))
        if sealed is not None and known not in (None, contents.of(cell, row.row_id, sealed).hash):
            return False
    return True


async def _newest(db: TenantSession, rotation: KeyRotation) -> Keyring:
    """Keys of which the new version is the primary: this process may keep older ones for a while."""
    ring = await keyring.of(db, rotation.to_version)
    if _primary(ring, rotation.purpose) < rotation.to_version:
        db.info[keyring.CHANGED] = True
        ring = await keyring.of(db)
    return ring


def _primary(ring: Keyring, purpose: str) -> int:
    return ring.key_ver if purpose == keyring.DOCUMENTS else ring.restricted_key_ver


async def _settle(
    db: TenantSession, actor: Actor, rotation: KeyRotation, sheets: Sequence[Sheet]
) -> None:
    """When nothing is left under an older version, those are destroyed; otherwise another pass."""
    left = [sheet for sheet in sheets if await resealing.is_left(db, sheet, rotation.to_version)]
    if not left:
        await provisioning.retire(db, rotation.purpose, rotation.to_version)
        rotation.state = "done"
        rotation.finished_at = clock.now()
        await db.flush()
        await _tell(db, actor, "keys.retire", rotation)
        return
    held = rotation.held
    rotation.state = "resealing"
    rotation.table_number, rotation.after_id = left[0].number, None
    rotation.pass_ += 1
    if held:
        logs.get().error("key rotation held up", tenant=db.tenant_id, rows=held)
    await _next(db, rotation, clock.now() + _LOOK_AGAIN if held else clock.now())


async def _tell(db: TenantSession, actor: Actor, action: str, rotation: KeyRotation) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="practice",
        object_id=db.tenant_id,
        detail={"kind": rotation.purpose, "key_ver": rotation.to_version},
    )
