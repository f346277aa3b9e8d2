"""Insurance on file, as the insured sees it. It is corrected by the office, never here."""

from uuid import UUID

import msgspec

from billing_saas.audit.rules import Classes
from billing_saas.coverage import finding, rules
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.payers import queries as payers
from billing_saas.portal import own


class CoverageShown(msgspec.Struct, frozen=True, kw_only=True):
    """`is_own`: the patient holds the policy. Who else does is not told: another's name is theirs to tell."""

    id: UUID
    sequence: str
    payer: str
    member_id: str
    group_number: str
    is_own: bool

    def __repr__(self) -> str:
        return f"<CoverageShown {self.id}>"


async def on_file(db: TenantSession, actor: Actor) -> list[CoverageShown]:
    """The visitor's own, in the order of payers. Of those they pay for, insurance is not needed to pay."""
    patient_id = own.must_be_verified(actor)
    held = (await finding.of_patients(db, [patient_id])).get(patient_id, [])
    names = await payers.by_ids(db, {one.payer_id for one in held})
    order = {letter: n for n, letter in enumerate(rules.SEQUENCES)}
    await own.tell(
        db,
        actor,
        "coverage.list",
        object_type="patient",
        object_id=patient_id,
        classes=Classes.DEMOGRAPHIC if held else Classes.NONE,
        count=len(held),
    )
    return [
        CoverageShown(
            id=one.id,
            sequence=one.sequence,
            payer=names[one.payer_id].name if one.payer_id in names else "",
            member_id=one.policy.member_id,
            group_number=one.policy.group_number,
            is_own=one.relationship == rules.SELF,
        )
        for one in sorted(held, key=lambda one: order.get(one.sequence, len(order)))
    ]
