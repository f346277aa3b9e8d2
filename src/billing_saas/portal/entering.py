"""The way in: a link or a code of paper, and the birth date of who pays.

Whatever is wrong (no such link, a wrong birth date, a link that is dead, past its day or opened before,
too many tries at one patient), it costs the same statements and has the same answer.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from billing_saas.audit import trail
from billing_saas.audit.rules import PLATFORM_LOG, Classes
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import logs, meters
from billing_saas.kit.actor import Actor, ActorKind, Purpose
from billing_saas.kit.db import Database, TenantSession
from billing_saas.kit.ids import new_id
from billing_saas.links import opening
from billing_saas.links import rules as link_rules
from billing_saas.links.opening import Found
from billing_saas.patients.rules import NameOnly
from billing_saas.patients.tables import Patient
from billing_saas.phi import keyring
from billing_saas.phi.registry import PATIENT_NAME_CT
from billing_saas.portal import sessions
from billing_saas.portal.errors import WrongEntry
from billing_saas.portal.sessions import PortalVisitor
from billing_saas.portal.trying import Place, Tries

_OF_A_STATEMENT = frozenset({"statement", "pay"})
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """What somebody shows at the door. `secret` is the token of a link, or a code as it was typed."""

    secret: str
    birth_date: date | None
    language: str

    def __repr__(self) -> str:
        return "<Shown>"


@dataclass(frozen=True, slots=True, repr=False)
class Entered:
    secret: str
    visitor: PortalVisitor
    kind: str
    """Of the link: where it leads."""
    about: UUID | None

    def __repr__(self) -> str:
        return "<Entered>"


async def enter(database: Database, tries: Tries, shown: Shown, place: Place) -> Entered:
    """`WrongEntry`, which does not say why, or `TooMany` of the place."""
    await tries.of_place(place)
    async with database.glance() as glance:
        practice_id = await opening.practice_of(glance, shown.secret)
    # Who shows what is nobody's is counted and told in the platform's log, by the same statements.
    async with database.tenant(practice_id or PLATFORM_LOG) as db:
        entered = await _tried(db, tries, shown, place)
    if entered is None:
        meters.PORTAL_TRIES.labels("wrong").inc()
        raise WrongEntry
    meters.PORTAL_TRIES.labels("right").inc()
    return entered


async def _tried(db: TenantSession, tries: Tries, shown: Shown, place: Place) -> Entered | None:
    """None: it was wrong, and that is written down and must be kept."""
    found = await opening.held(db, shown.secret)
    named = found.guarantor_id if found else link_rules.secret_hash(shown.secret)
    may_try = await tries.of_patient(named)
    guarantor_id, born = await _who(db, found.guarantor_id if found else new_id())
    right = born is not None and born == shown.birth_date
    if found is None or not (found.is_good and right and may_try):
        await _missed(db, found, guarantor_id, place)
        return None
    await opening.opened(db, found.id)
    secret, visitor = await sessions.open_session(
        db,
        guarantor_id,
        link_id=found.id,
        statement_id=found.about if found.kind in _OF_A_STATEMENT else None,
        language=shown.language,
        request_id=place.request_id,
        ip_prefix=place.ip_prefix,
    )
    return Entered(secret, visitor, found.kind, found.about)


async def _who(db: TenantSession, guarantor_id: UUID) -> tuple[UUID, date | None]:
    """Whom the link is for now (a merged record's survivor), and their birth date."""
    survivor = (
        select(Patient.merged_into)
        .where(Patient.tenant_id == db.tenant_id, Patient.id == guarantor_id)
        .scalar_subquery()
    )
    rows = (
        await db.execute(
            select(Patient.id, Patient.name_ct, Patient.key_ver, Patient.merged_into).where(
                Patient.tenant_id == db.tenant_id,
                (Patient.id == guarantor_id) | (Patient.id == survivor),
            )
        )
    ).all()
    standing = [row for row in rows if row.merged_into is None]
    if not standing:
        return guarantor_id, None
    ring = await keyring.of(db, standing[0].key_ver)
    name = ring.open(PATIENT_NAME_CT, standing[0].id, standing[0].name_ct, NameOnly)
    return UUID(str(standing[0].id)), name.birth_date


async def _missed(db: TenantSession, found: Found | None, guarantor_id: UUID, place: Place) -> None:
    died = await opening.missed(db, found)
    actor = Actor(
        kind=ActorKind.PATIENT,
        id=guarantor_id if found else _NOBODY,
        purpose=Purpose.PATIENT_REQUEST,
        request_id=place.request_id,
        ip_prefix=place.ip_prefix,
    )
    await trail.record(
        db,
        actor,
        "portal.refuse",
        object_type="link",
        object_id=found.id if found else None,
        subjects=[guarantor_id] if found else [],
        classes=Classes.DEMOGRAPHIC if found else Classes.NONE,
        outcome="denied",
    )
    if found is not None and died:
        await _alarm(db, found)


async def _alarm(db: TenantSession, found: Found) -> None:
    """Somebody has the link and not the birth date: the wrong hands, or a wrong date on file."""
    meters.PORTAL_TRIES.labels("died").inc()
    logs.get().warning("portal link died of wrong tries", tenant=db.tenant_id)
    await cards.open_cards(
        db,
        [
            NewCard(
                kind="portal_guessing",
                why="Five wrong birth dates were tried with one portal link; it is dead. Ask the"
                " patient, check the birth date on file, then issue another.",
                owner="practice",
                subject_type="patient",
                subject_id=found.guarantor_id,
                source=f"portal-link:{found.id}",
            )
        ],
    )
