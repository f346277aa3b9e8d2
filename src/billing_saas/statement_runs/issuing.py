"""Issue statements: written, drawn, sealed and sent on their way, hundreds in a handful of statements.

What a guarantor is told is what the ledger says in this transaction; what was issued stays as it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from billing_saas.audit import contents, trail
from billing_saas.audit.rules import Classes
from billing_saas.blobs import storing
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import bulk, clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession
from billing_saas.kit.ids import new_ids
from billing_saas.links import issuing as links
from billing_saas.links.issuing import Wanted
from billing_saas.messages import contacts, sending
from billing_saas.messages.rules import Words
from billing_saas.messages.sending import Asked
from billing_saas.patients import queries as patients
from billing_saas.phi.registry import BLOB_SEALED_KEY
from billing_saas.statement_papers import gathering as papers
from billing_saas.statement_papers import pdf
from billing_saas.statement_papers.gathering import Addressee
from billing_saas.statement_papers.pdf import Drawn, Letterhead, Paper
from billing_saas.statement_runs import gathering, running_rules, settings
from billing_saas.statement_runs.errors import NotIssued
from billing_saas.statement_runs.running_rules import Facts, Rule, Verdict
from billing_saas.statements import dunning, dunning_rules, explaining, rules
from billing_saas.statements.explaining import ClaimExplanation
from billing_saas.statements.explaining_rules import Sums
from billing_saas.statements.tables import Statement, StatementLine
from billing_saas.statements.words import Language
from billing_saas.tenants import queries as tenants

WRITE = "statements.write"
# A link or code outlives the statement after the next, and then another is asked for.
_GOOD_FOR_DAYS = 120

_OUTCOMES: Mapping[str, str] = {
    "nothing_owed": "Nothing is owed.",
    "insurance_pending": "Insurance has not finished yet.",
    "credit_to_apply": "Money of this guarantor is not applied yet.",
}


@dataclass(frozen=True, slots=True)
class _Making:
    """What is known of all statements that are made together."""

    today: date
    rule: Rule
    run_id: UUID | None
    replaces: UUID | None
    letterhead: Letterhead
    addressees: Mapping[UUID, Addressee]
    names: Mapping[UUID, str]
    languages: Mapping[UUID, Language]
    explained: Mapping[UUID, ClaimExplanation]


async def issue_for(db: TenantSession, actor: Actor, guarantor_id: UUID) -> UUID:
    """One statement now, asked for by a person: neither the minimum nor the cycle is waited for."""
    actor.must(WRITE)
    actor.must("statements.read")  # why there is none is told as well
    await patients.must_exist(db, guarantor_id)
    return await issue_one(db, actor, guarantor_id)


async def issue_one(
    db: TenantSession, actor: Actor, guarantor_id: UUID, *, replaces: UUID | None = None
) -> UUID:
    """`NotIssued` says why there is none. The caller has checked who asks."""
    today = clock.today((await tenants.this_practice(db)).time_zone)
    rule = await settings.of(db)
    facts = (await gathering.facts_of(db, [guarantor_id]))[guarantor_id]
    verdict = running_rules.judge(facts, rule, today, on_demand=True)
    if not verdict.included:
        first = verdict.reasons[0]
        raise NotIssued(
            _OUTCOMES.get(first, "Asking this guarantor is paused."), reasons=verdict.reasons
        )
    made = await make(
        db, actor, [verdict], {guarantor_id: facts}, today=today, rule=rule, replaces=replaces
    )
    return made[guarantor_id]


async def make(
    db: TenantSession,
    actor: Actor,
    verdicts: Sequence[Verdict],
    facts: Mapping[UUID, Facts],
    *,
    today: date,
    rule: Rule,
    run_id: UUID | None = None,
    replaces: UUID | None = None,
) -> dict[UUID, UUID]:
    """A statement for each verdict, all of which include; guarantor to statement."""
    if not verdicts:
        return {}
    making = await _gathered(db, verdicts, today, rule, run_id, replaces)
    ids = dict(zip([one.guarantor_id for one in verdicts], new_ids(len(verdicts)), strict=True))
    codes = await links.paper_codes(
        db,
        actor,
        [Wanted(guarantor_id, statement_id) for guarantor_id, statement_id in ids.items()],
        days=_GOOD_FOR_DAYS,
    )
    numbers = [rules.new_number() for _ in verdicts]
    drawn = [
        pdf.draw(_paper(making, verdict, number, code))
        for verdict, number, code in zip(verdicts, numbers, codes, strict=True)
    ]
    stored = await storing.store_many(db, [one.content for one in drawn])
    delivery = await _deliver(db, actor, making, ids)
    await _write(db, making, verdicts, ids, numbers, drawn, [one.id for one in stored], delivery)
    await dunning.keep(
        db,
        {
            one.guarantor_id: dunning.moved_on(facts[one.guarantor_id].clock, one.stage, today)
            for one in verdicts
            if one.stage is not None
        },
    )
    await _open_cards(db, making, verdicts, ids, delivery)
    await trail.record(
        db,
        actor,
        "statement.issue",
        object_type="statement",
        object_id=next(iter(ids.values())) if len(ids) == 1 else None,
        subjects=[*ids, *(item.patient_id for one in verdicts for item in one.items)],
        classes=Classes.DEMOGRAPHIC,
        sealed=[contents.of(BLOB_SEALED_KEY, one.id, one.sealed_key) for one in stored],
        detail={"count": len(ids), "cents": sum(one.billed_cents for one in verdicts)},
    )
    return ids


async def _gathered(
    db: TenantSession,
    verdicts: Sequence[Verdict],
    today: date,
    rule: Rule,
    run_id: UUID | None,
    replaces: UUID | None,
) -> _Making:
    guarantors = [one.guarantor_id for one in verdicts]
    claims = {item.claim_id for one in verdicts for item in one.items if item.claim_id}
    known = await contacts.rows_of(db, guarantors)
    return _Making(
        today=today,
        rule=rule,
        run_id=run_id,
        replaces=replaces,
        letterhead=await papers.letterhead(db, phone=rule.phone, pay_to=rule.pay_to),
        addressees=await papers.addressees(db, guarantors),
        names=await papers.first_names(
            db, {item.patient_id for one in verdicts for item in one.items}
        ),
        languages={
            guarantor_id: "es" if row.language == "es" else "en"
            for guarantor_id, row in known.items()
        },
        explained=await explaining.explain_claims(db, claims),
    )


def _paper(making: _Making, verdict: Verdict, number: str, code: str) -> Paper:
    to = making.addressees[verdict.guarantor_id]
    return Paper(
        letterhead=making.letterhead,
        language=making.languages.get(verdict.guarantor_id, "en"),
        number=number,
        issued_on=making.today,
        due_on=making.today + timedelta(days=making.rule.due_days),
        stage=verdict.stage or "first",
        to=(to.name, *to.lines),
        rows=papers.rows(verdict.items, making.explained, making.names),
        total_cents=verdict.billed_cents,
        code=code,
    )


async def _deliver(
    db: TenantSession, actor: Actor, making: _Making, ids: Mapping[UUID, UUID]
) -> dict[UUID, str]:
    """How each goes: by a message where its gate lets one, else on paper, else not at all."""
    found: dict[UUID, str] = {}
    if making.rule.electronic:
        wanted = [Wanted(guarantor_id, statement_id) for guarantor_id, statement_id in ids.items()]
        paths = await links.issue_many(db, actor, "statement", wanted)
        asked = [
            Asked(guarantor_id, "statement_ready", Words(link=path))
            for guarantor_id, path in zip(ids, paths, strict=True)
        ]
        for guarantor_id, said in zip(ids, await sending.ask_many(db, actor, asked), strict=True):
            if said.goes and said.channel:
                found[guarantor_id] = said.channel
    printed = [one for one in ids if one not in found and making.addressees[one].mailable]
    # The same gate: what stops asking stops paper as well, and why is on record.
    asked = [Asked(one, "statement_ready", Words(link="/portal"), "post") for one in printed]
    for guarantor_id, said in zip(printed, await sending.ask_many(db, actor, asked), strict=True):
        if said.goes:
            found[guarantor_id] = "print"
    return found


async def _write(
    db: TenantSession,
    making: _Making,
    verdicts: Sequence[Verdict],
    ids: Mapping[UUID, UUID],
    numbers: Sequence[str],
    drawn: Sequence[Drawn],
    blobs: Sequence[UUID],
    delivery: Mapping[UUID, str],
) -> None:
    now = clock.now()
    await bulk.insert_rows(
        db,
        Statement,
        [
            {
                "id": ids[verdict.guarantor_id],
                "number": number,
                "guarantor_id": verdict.guarantor_id,
                "run_id": making.run_id,
                "stage": verdict.stage,
                "state": "issued",
                "language": making.languages.get(verdict.guarantor_id, "en"),
                "total_cents": verdict.billed_cents,
                "issued_on": making.today,
                "due_on": making.today + timedelta(days=making.rule.due_days),
                "delivery": delivery.get(verdict.guarantor_id, ""),
                "delivered_at": now
                if delivery.get(verdict.guarantor_id) in ("email", "text")
                else None,
                "blob_id": blob_id,
                "pages": paper.pages,
                "replaces": making.replaces,
                "created_at": now,
                "updated_at": now,
            }
            for verdict, number, paper, blob_id in zip(verdicts, numbers, drawn, blobs, strict=True)
        ],
    )
    await bulk.insert_rows(
        db,
        StatementLine,
        [
            {"statement_id": ids[verdict.guarantor_id], "n": n, **line}
            for verdict in verdicts
            for n, line in enumerate(_lines(making, verdict), 1)
        ],
    )


def _lines(making: _Making, verdict: Verdict) -> list[dict[str, object]]:
    return [
        {
            "patient_id": item.patient_id,
            "claim_id": item.claim_id,
            "charge_id": item.charge_id,
            "service_on": item.service_on,
            "charge_cents": sums.charge_cents,
            "contract_cents": sums.contract_cents,
            "plan_paid_cents": sums.plan_paid_cents,
            "write_off_cents": sums.write_off_cents,
            "patient_paid_cents": sums.patient_paid_cents,
            "owed_cents": item.cents,
        }
        for item in verdict.items
        for sums in [_sums(making, item.claim_id, item.charge_id)]
    ]


def _sums(making: _Making, claim_id: UUID | None, charge_id: UUID | None) -> Sums:
    claim = making.explained.get(claim_id) if claim_id is not None else None
    if claim is not None:
        for charge in claim.charges:
            if charge.charge_id == charge_id:
                return charge.told.sums
    return Sums()


async def _open_cards(
    db: TenantSession,
    making: _Making,
    verdicts: Sequence[Verdict],
    ids: Mapping[UUID, UUID],
    delivery: Mapping[UUID, str],
) -> None:
    """Where a person must act: nobody can be reached, or somebody may need help to pay."""
    opened = [
        NewCard(
            kind="statement_undeliverable",
            why="A statement can go neither by message nor by mail: an address or a consent is missing.",
            owner="practice",
            subject_type="patient",
            subject_id=one.guarantor_id,
            worth_cents=one.billed_cents,
            source=f"statement-undeliverable:{ids[one.guarantor_id]}",
        )
        for one in verdicts
        if one.guarantor_id not in delivery
    ]
    opened += [
        NewCard(
            kind="hardship_screen",
            why="Three months of statements brought no payment: ask whether there is hardship.",
            owner="biller",
            subject_type="patient",
            subject_id=one.guarantor_id,
            worth_cents=one.billed_cents,
            due_on=making.today + timedelta(days=making.rule.due_days),
            source=f"hardship-screen:{ids[one.guarantor_id]}",
        )
        for one in verdicts
        if one.stage == dunning_rules.LAST
    ]
    await cards.open_cards(db, opened)
