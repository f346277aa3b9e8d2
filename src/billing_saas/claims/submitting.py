"""Send claims: put them together as an 837P under our own numbers, and say that they were sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.claims import forms, gathering, transitions
from billing_saas.claims.errors import CannotBeSent
from billing_saas.claims.rules import PayerControlNumber
from billing_saas.claims.tables import Submission
from billing_saas.claims.transitions import Move
from billing_saas.edi import claim837_writer
from billing_saas.edi.claim837 import VERSIONS, BatchHeader
from billing_saas.edi.claim837 import Claim as ClaimForm
from billing_saas.edi.envelope import GroupHeader, InterchangeHeader
from billing_saas.edi.parties import Contact, Party
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, Unwritable, write_interchange
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.phi import keyring
from billing_saas.phi.registry import SUBMISSION_PHI_DEMO

VERSION = VERSIONS["837P"]


class OutgoingClaim(msgspec.Struct, frozen=True):
    """What goes out for one submission."""

    submission_id: UUID
    claim_id: UUID
    form: ClaimForm

    def __repr__(self) -> str:
        return f"<OutgoingClaim {self.submission_id}>"


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends to whom, and under which number (it belongs to the connection). `usage` is ISA15."""

    sender_id: str
    sender_name: str
    sender_phone: str
    receiver_id: str
    receiver_name: str
    number: int
    usage: str = "T"


async def mark_sent(db: TenantSession, actor: Actor, submission_ids: Sequence[UUID]) -> None:
    """They left the house: from now on the payer must answer."""
    actor.must("claims.write")
    sent = await gathering.submissions(db, submission_ids)
    moves = [
        Move(
            field="delivery",
            claim_id=submission.claim_id,
            submission_id=submission.id,
            from_state="queued",
            to_state="sent",
            why="sent to the payer",
            source_type="submission",
            source_id=submission.id,
        )
        for submission in sent
    ]
    await transitions.move_many(db, actor, moves)
    await trail.record(
        db, actor, "submission.send", object_type="submission", detail={"count": len(sent)}
    )


async def outgoing(
    db: TenantSession, actor: Actor, submission_ids: Sequence[UUID]
) -> list[OutgoingClaim]:
    """The claims of these submissions as they are to be sent, in the order asked.

    Each has our own CLM01 and, on every line, our own line number (REF*6R).
    """
    actor.must("claims.write")
    gathered = await gathering.gather(db, submission_ids)
    sent = [
        OutgoingClaim(parts.submission.id, parts.submission.claim_id, forms.claim_of(parts))
        for parts in gathered
    ]
    await trail.record(
        db,
        actor,
        "submission.assemble",
        object_type="submission",
        object_id=submission_ids[0] if len(sent) == 1 else None,
        subjects=[parts.visit.encounter.patient_id for parts in gathered],
        classes=Classes.DEMOGRAPHIC | Classes.CLINICAL,
        detail={"count": len(sent)},
    )
    return sent


async def batch_837p(
    db: TenantSession, actor: Actor, submission_ids: Sequence[UUID], *, control: Control
) -> bytes:
    """One interchange with these submissions. `CannotBeSent` names what the guide would refuse."""
    sent = await outgoing(db, actor, submission_ids)
    ordered = claim837_writer.in_hierarchy(claim.form for claim in sent)
    now = clock.now()
    sets = []
    for ordinal, batch in enumerate(claim837_writer.batches(ordered), 1):
        number = f"{ordinal:04d}"
        header = _batch_header(control, now, number)
        try:
            blocks = list(claim837_writer.blocks(header, batch))
        except Unwritable as fault:
            raise CannotBeSent(
                f"A claim cannot be written as an 837P: {fault}", segment=fault.segment
            ) from None
        sets.append(
            OutgoingSet(identifier="837", control_number=number, version=VERSION, segments=blocks)
        )
    group = OutgoingGroup(header=_group_header(control, now), sets=sets)
    return write_interchange(_interchange_header(control, now), [group]).encode()


async def keep_payer_control_numbers(
    db: TenantSession, actor: Actor, numbers: Mapping[UUID, str]
) -> None:
    """Seal what the payer calls each submission (REF*1K of a 277CA, CLP07 of an 835), by submission.

    A replacement or a void of it must name that number (REF*F8).
    """
    ring = await keyring.of(db)
    rows = [
        {
            "id": submission_id,
            "phi_demo": ring.seal(
                SUBMISSION_PHI_DEMO,
                submission_id,
                PayerControlNumber(payer_control_number=number),
            ),
            "key_ver": ring.key_ver,
        }
        for submission_id, number in numbers.items()
    ]
    await bulk.update_rows(db, Submission, rows)
    await trail.record(
        db,
        actor,
        "submission.number",
        object_type="submission",
        sealed=contents.of_rows(rows, SUBMISSION_PHI_DEMO),
        detail={"count": len(rows)},
    )


# --- the envelope ---


def _batch_header(control: Control, now: datetime, number: str) -> BatchHeader:
    return BatchHeader(
        kind="837P",
        reference=f"{control.number:09d}{number}",
        date=f"{now:%Y%m%d}",
        time=f"{now:%H%M}",
        submitter=Party(
            entity="41",
            entity_type="2",
            name=control.sender_name,
            id_qualifier="46",
            id=control.sender_id,
            contacts=(Contact("IC", control.sender_name, (("TE", control.sender_phone),)),),
        ),
        receiver=Party(
            entity="40",
            entity_type="2",
            name=control.receiver_name,
            id_qualifier="46",
            id=control.receiver_id,
        ),
    )


def _group_header(control: Control, now: datetime) -> GroupHeader:
    return GroupHeader(
        functional_id="HC",
        sender=control.sender_id,
        receiver=control.receiver_id,
        date=f"{now:%Y%m%d}",
        time=f"{now:%H%M}",
        control_number=str(control.number),
        agency="X",
        version=VERSION,
    )


def _interchange_header(control: Control, now: datetime) -> InterchangeHeader:
    return InterchangeHeader(
        authorization_qualifier="00",
        authorization="",
        security_qualifier="00",
        security="",
        sender_qualifier="ZZ",
        sender=control.sender_id,
        receiver_qualifier="ZZ",
        receiver=control.receiver_id,
        date=f"{now:%y%m%d}",
        time=f"{now:%H%M}",
        repetition="^",
        version="00501",
        control_number=f"{control.number:09d}",
        ack_requested="0",
        usage=control.usage,
        component=":",
    )
