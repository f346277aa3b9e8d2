"""Post a remittance: match, journal, tell the claims, open cards. All of it, or none.

The same act serves the worker and `POST …/remittances/{id}/posting`; `DELETE` undoes it by reversing
entries, after which it may be posted again.
"""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import text, update

from billing_saas.audit import trail
from billing_saas.duties import separating
from billing_saas.duties.rules import POSTED
from billing_saas.followups import cards
from billing_saas.kit import clock, points
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import TenantSession
from billing_saas.ledger import journal, periods
from billing_saas.ledger import queries as ledger
from billing_saas.ledger.rules import Account, Entry, source_claim_payment
from billing_saas.phi import keyring
from billing_saas.remittances import adjudicating, carding, matching, queries, rules
from billing_saas.remittances.claim_rules import Left
from billing_saas.remittances.errors import (
    AlreadyPosted,
    IsDuplicate,
    NotPosted,
    NotSound,
    OutOfBalance,
    PostedTotalWrong,
)
from billing_saas.remittances.jobs import PostRemittance
from billing_saas.remittances.matching import Matched, Reversal
from billing_saas.remittances.rules import Outcome, Payment
from billing_saas.remittances.tables import Remittance

BATCH = 2_000


@dataclass(slots=True)
class Posted:
    """What one posting came to."""

    remittance_id: UUID
    claims: int = 0
    matched: int = 0
    unmatched: int = 0
    reversed: int = 0
    denied_lines: int = 0
    cash_cents: int = 0
    unapplied_cents: int = 0
    cards: int = 0


async def post(db: TenantSession, actor: Actor, remittance_id: UUID) -> Posted:
    """Journal every claim payment and provider adjustment of a balanced remittance.

    What would be journalled must equal what was paid (BPR02), else everything rolls back.
    """
    actor.must("remittances.post")
    remittance = await queries.locked(db, remittance_id)
    _check_postable(remittance)
    remittance.posting_number += 1
    effective_on = await periods.first_open_day(db, remittance.payment_on)
    run = _Run(db, actor, remittance, effective_on)
    for first in range(1, remittance.claims + 1, BATCH):
        await run.post_batch(first, min(first + BATCH - 1, remittance.claims))
    await run.post_provider_adjustments()
    posted = run.posted
    if posted.cash_cents != remittance.payment_cents:
        raise PostedTotalWrong("what was journalled is not what was paid")
    points.reach("remittances.posting.journalled")
    await _set_state(db, remittance_id, "posted")
    await separating.did(db, actor, POSTED, remittance_id)
    await trail.record(
        db,
        actor,
        "remittance.post",
        object_type="remittance",
        object_id=remittance_id,
        detail={
            "claims": posted.claims,
            "matched": posted.matched,
            "unmatched": posted.unmatched,
            "cents": posted.cash_cents,
        },
    )
    points.reach("remittances.posting.told")
    return posted


_OUTCOME = text(
    """
    SELECT count(*) AS claims,
      count(*) FILTER (WHERE paid.state IN ('unmatched', 'review')) AS unmatched,
      count(*) FILTER (WHERE paid.reverses IS NOT NULL) AS reversed,
      coalesce(sum(paid.paid_cents) FILTER (WHERE paid.state IN ('unmatched', 'review')
        AND paid.entry_id IS NOT NULL), 0) AS unapplied_cents,
      (SELECT count(*) FROM service_payment line JOIN claim_payment p
         ON p.tenant_id = line.tenant_id AND p.id = line.claim_payment_id
       WHERE p.tenant_id = :tenant_id AND p.remittance_id = :remittance_id AND line.denied
         AND p.reverses IS NULL AND p.state NOT IN ('unmatched', 'review')) AS denied_lines,
      (SELECT count(*) FROM card WHERE card.tenant_id = :tenant_id AND card.subject_id IN (
         SELECT id FROM claim_payment WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id
         UNION ALL SELECT id FROM provider_adjustment
           WHERE tenant_id = :tenant_id AND remittance_id = :remittance_id)
       AND right(card.source, length(:number) + 1) = ':' || :number) AS cards
    FROM claim_payment paid
    WHERE paid.tenant_id = :tenant_id AND paid.remittance_id = :remittance_id
    """
)


async def outcome(db: TenantSession, actor: Actor, remittance_id: UUID) -> Posted:
    """What the posting that stands came to, read from what it left. `NotPosted` when none does."""
    remittance = await queries.remittance(db, actor, remittance_id)
    if remittance.posted_at is None:
        raise NotPosted("The remittance is not posted.")
    asked = {
        "tenant_id": db.tenant_id,
        "remittance_id": remittance_id,
        "number": str(remittance.posting_number),
    }
    left = (await db.execute(_OUTCOME, asked)).one()
    return Posted(
        remittance_id,
        claims=left.claims,
        matched=left.claims - left.unmatched,
        unmatched=left.unmatched,
        reversed=left.reversed,
        denied_lines=left.denied_lines,
        cash_cents=remittance.payment_cents,
        unapplied_cents=int(left.unapplied_cents),
        cards=left.cards,
    )


def _check_postable(remittance: Remittance) -> None:
    if remittance.state == "duplicate":
        raise IsDuplicate("The payer sent this trace number before: a person decides.")
    if remittance.state == "out_of_balance":
        raise OutOfBalance("The payer's numbers contradict each other; see the findings.")
    if remittance.state == "parsed":
        raise NotSound("The remittance has errors, or its file is not whole; see the findings.")
    if remittance.state not in ("balanced", "matched"):
        raise AlreadyPosted("The remittance is posted.", state=remittance.state)


async def _set_state(db: TenantSession, remittance_id: UUID, state: str) -> None:
    await db.execute(
        update(Remittance)
        .where(Remittance.tenant_id == db.tenant_id, Remittance.id == remittance_id)
        .values(state=state, posted_at=clock.now() if state == "posted" else None)
    )


_STATE_COLUMNS: tuple[str, ...] = (
    *("id", "state", "review_reason", "claim_id", "submission_id", "reverses", "entry_id"),
    "posting_number",
)


@dataclass(slots=True)
class _Rows:
    """New states of claim payments, gathered to be written at once."""

    columns: dict[str, list[object]] = field(
        default_factory=lambda: {name: [] for name in _STATE_COLUMNS}
    )

    def add(self, **values: object) -> None:
        for name in _STATE_COLUMNS:
            self.columns[name].append(values.get(name))


_SET_STATES = text(
    """
    UPDATE claim_payment AS paid SET state = new.state, review_reason = new.review_reason,
      claim_id = new.claim_id, submission_id = new.submission_id, reverses = new.reverses,
      entry_id = new.entry_id, posting_number = new.posting_number
    FROM unnest(CAST(:id AS uuid[]), CAST(:state AS text[]), CAST(:review_reason AS text[]),
      CAST(:claim_id AS uuid[]), CAST(:submission_id AS uuid[]), CAST(:reverses AS uuid[]),
      CAST(:entry_id AS uuid[]), CAST(:posting_number AS smallint[]))
      AS new (id, state, review_reason, claim_id, submission_id, reverses, entry_id, posting_number)
    WHERE paid.tenant_id = :tenant_id AND paid.id = new.id
    """
)
_MARK_REVERSED = text(
    """
    UPDATE claim_payment SET state = 'reversed'
    WHERE tenant_id = :tenant_id AND id = ANY (CAST(:ids AS uuid[]))
    """
)


class _Run:
    """One remittance being posted."""

    def __init__(
        self, db: TenantSession, actor: Actor, remittance: Remittance, effective_on: date
    ) -> None:
        self.db = db
        self.actor = actor
        self.remittance = remittance
        self.effective_on = effective_on
        self.posted = Posted(remittance.id)
        self.state = "auto_posted" if actor.kind is ActorKind.SYSTEM else "posted"

    async def post_batch(self, first: int, last: int) -> None:
        ring = await keyring.of(self.db)
        matched = await matching.match(
            self.db, ring, self.remittance.id, self.remittance.payer_id, first, last
        )
        points.reach("remittances.posting.matched")
        outcomes = [(payment, rules.outcome_of(payment)) for payment in matched.payments]
        entries = await self._journal(matched, outcomes)
        reversal_entries = await self._reverse(matched.reversals)
        points.reach("remittances.posting.lines")
        await self._write_states(matched, outcomes, entries, reversal_entries)
        left = await self._left(matched)
        await adjudicating.tell(self.db, self.actor, self.remittance, matched, outcomes, left)
        self.posted.cards += await carding.open_for(self.db, matched, outcomes, left)
        self._count(matched, outcomes)
        points.reach("remittances.posting.claims")

    async def _journal(
        self, matched: Matched, outcomes: list[tuple[Payment, Outcome]]
    ) -> dict[UUID, UUID]:
        """Claim payment to its entry, for those that move money."""
        wanted: list[tuple[UUID, Entry]] = []
        for payment, outcome in outcomes:
            number = matched.posting_numbers[payment.id]
            entry = rules.entry_of(payment, outcome, number, self.effective_on)
            if entry is not None:
                wanted.append((payment.id, entry))
        for doubtful in matched.doubtful:
            entry = rules.unapplied_entry(
                doubtful.id,
                doubtful.posting_number,
                doubtful.paid_cents,
                self.remittance.payer_id,
                self.effective_on,
            )
            if entry is not None:
                wanted.append((doubtful.id, entry))
                self.posted.unapplied_cents += doubtful.paid_cents
        ids = await journal.post(self.db, self.actor, [entry for _, entry in wanted])
        self.posted.cash_cents += sum(_cash(entry) for _, entry in wanted)
        return dict(zip([row_id for row_id, _ in wanted], ids, strict=True))

    async def _reverse(self, reversals: list[Reversal]) -> dict[UUID, UUID]:
        """Reversal to its entry: the opposite of what the original journalled."""
        moving = [reversal for reversal in reversals if reversal.entry_id is not None]
        numbers = {reversal.entry_id: reversal for reversal in moving}
        ids = await journal.reverse(
            self.db,
            self.actor,
            [reversal.entry_id for reversal in moving if reversal.entry_id is not None],
            effective_on=self.effective_on,
            source_of=lambda entry_id: source_claim_payment(
                numbers[entry_id].id, numbers[entry_id].posting_number
            ),
        )
        self.posted.cash_cents += sum(reversal.paid_cents for reversal in moving)
        return dict(zip([reversal.id for reversal in moving], ids, strict=True))

    async def _left(self, matched: Matched) -> dict[UUID, Left]:
        """What is now owed of each claim that this batch spoke of."""
        by_charge = await ledger.open_balances(self.db, list(matched.claims))
        return {
            claim_id: Left(
                sum(left.payer_cents for left in by_charge.get(claim_id, {}).values()),
                sum(left.patient_cents for left in by_charge.get(claim_id, {}).values()),
            )
            for claim_id in matched.claims
        }

    async def _write_states(
        self,
        matched: Matched,
        outcomes: list[tuple[Payment, Outcome]],
        entries: dict[UUID, UUID],
        reversal_entries: dict[UUID, UUID],
    ) -> None:
        rows = _Rows()
        for payment, outcome in outcomes:
            rows.add(
                id=payment.id,
                state=self.state,
                review_reason=" ".join(outcome.review_reasons),
                claim_id=payment.claim_id,
                submission_id=payment.submission_id,
                entry_id=entries.get(payment.id),
                posting_number=matched.posting_numbers[payment.id],
            )
        for reversal in matched.reversals:
            rows.add(
                id=reversal.id,
                state=self.state,
                review_reason="",
                claim_id=reversal.claim_id,
                submission_id=reversal.submission_id,
                reverses=reversal.reverses,
                entry_id=reversal_entries.get(reversal.id),
                posting_number=reversal.posting_number,
            )
        for doubtful in matched.doubtful:
            rows.add(
                id=doubtful.id,
                state="review" if doubtful.claim_id else "unmatched",
                review_reason=doubtful.reason,
                claim_id=doubtful.claim_id,
                entry_id=entries.get(doubtful.id),
                posting_number=doubtful.posting_number,
            )
        await self.db.execute(_SET_STATES, {**rows.columns, "tenant_id": self.db.tenant_id})
        originals = [reversal.reverses for reversal in matched.reversals]
        if originals:
            await self.db.execute(
                _MARK_REVERSED, {"tenant_id": self.db.tenant_id, "ids": originals}
            )
            await cards.withdraw(self.db, self.actor, originals, outcome=carding.TAKEN_BACK)

    def _count(self, matched: Matched, outcomes: list[tuple[Payment, Outcome]]) -> None:
        self.posted.claims += len(outcomes) + len(matched.reversals) + len(matched.doubtful)
        self.posted.matched += len(outcomes) + len(matched.reversals)
        self.posted.unmatched += len(matched.doubtful)
        self.posted.reversed += len(matched.reversals)
        self.posted.denied_lines += sum(len(outcome.denied_services) for _, outcome in outcomes)

    async def post_provider_adjustments(self) -> None:
        rows = await queries.provider_adjustments(self.db, self.remittance.id)
        wanted = []
        for row in rows:
            entry = rules.provider_adjustment_entry(
                self.remittance.id,
                row.n,
                self.remittance.posting_number,
                row.reason,
                row.amount_cents,
                self.remittance.payer_id,
                self.effective_on,
            )
            if entry is not None:
                wanted.append((row, entry))
        ids = await journal.post(self.db, self.actor, [entry for _, entry in wanted])
        for (row, entry), entry_id in zip(wanted, ids, strict=True):
            row.entry_id = entry_id
            self.posted.cash_cents += _cash(entry)
        await self.db.flush()
        self.posted.cards += await carding.open_for_provider_adjustments(
            self.db, self.remittance, rows
        )


def _cash(entry: Entry) -> int:
    return sum(line.amount_cents for line in entry.lines if line.account is Account.PAYER_CASH)


async def post_remittance(db: TenantSession, actor: Actor, job: PostRemittance) -> None:
    """The same act, asked for by intake."""
    await post(db, actor, job.remittance_id)
