"""What a walk over all routes needs to open: rows whose sealed columns hold more than noise."""

from datetime import date
from uuid import UUID

from billing_saas.circumstances import recording
from billing_saas.circumstances.rules import Particulars
from billing_saas.hardship import applying, policies
from billing_saas.hardship.policies import NewGuideline, Policy
from billing_saas.hardship.rules import Answers, Step
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


async def work(db: TenantSession, actor: Actor, guarantor_id: UUID, today: date) -> None:
    """A scale, an application by it, and returned mail."""
    await policies.change(db, actor, Policy(steps=(Step(100, 100), Step(200, 50))))
    await policies.enter_guideline(
        db,
        actor,
        NewGuideline(
            region="contiguous",
            effective_on=today.replace(month=1, day=1),
            ends_on=today.replace(month=12, day=31),
            one_person_cents=16_000_00,
            each_more_cents=5_500_00,
            source="as a test has it",
        ),
    )
    answers = Answers(household=1, yearly_income_cents=15_000_00)
    await applying.apply(db, actor, guarantor_id, answers)
    said = Particulars(note="Came back from the post")
    await recording.record(db, actor, guarantor_id, "returned_mail", today, said)
