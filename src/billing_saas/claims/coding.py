"""Coding is done, and somebody approves it: the coder, where the practice and the coder's credentials
allow that; else a colleague, by a card on the work list."""

from typing import NamedTuple
from uuid import UUID

from billing_saas.audit import trail
from billing_saas.claims import queries, transitions
from billing_saas.claims.errors import NotCertified
from billing_saas.claims.tables import Claim
from billing_saas.claims.transitions import Move
from billing_saas.duties import credentials, rules, separating, settings
from billing_saas.duties.errors import AnotherMust
from billing_saas.followups import cards
from billing_saas.followups.cards import NewCard
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession

CODE = "claims.code"
APPROVE = "claims.approve"
REVIEW_CARD = "coding_review"


class Coded(NamedTuple):
    """Where the claim stands now: `review` or `ready`."""

    claim_id: UUID
    work: str


async def finish(db: TenantSession, actor: Actor, claim_id: UUID) -> Coded:
    """The coding of a claim is done. An apprentice's, and an expired coder's, goes to second review."""
    actor.must(CODE)
    claim = await queries.by_id(db, claim_id)
    supervised = await credentials.needs_review(db, actor.id)
    apart = (await settings.of(db)).coding_apart
    path = ["coded", "review"] if supervised or apart else ["coded", "review", "ready"]
    why = {"coded": "coding done", "review": _why(supervised, apart), "ready": "approved"}
    await _walk(db, actor, claim, "coding", [(state, why[state]) for state in path])
    await separating.did(
        db, actor, rules.CODED_UNDER_REVIEW if supervised else rules.CODED, claim_id
    )
    if path[-1] == "review":
        await cards.open_cards(db, [_card(claim, supervised)])
    await _tell(db, actor, "claim.code", claim, path[-1])
    return Coded(claim_id, path[-1])


async def approve(db: TenantSession, actor: Actor, claim_id: UUID) -> Coded:
    """Raises `AnotherMust` for who coded it, where that is kept apart or the coder needs a second
    review, and `NotCertified` for whom that review is not given."""
    actor.must(APPROVE)
    claim = await queries.by_id(db, claim_id)
    await separating.must_differ(db, actor, rules.APPROVE_CODING, claim_id)
    coder = await separating.who(db, rules.CODED_UNDER_REVIEW, claim_id)
    if coder is not None:
        if coder == actor.id:
            raise AnotherMust(
                "A second person reviews what an apprentice or an expired coder coded.",
                duty="second_review",
            )
        if not rules.codes_alone(await credentials.held(db, actor.id), clock.now().date()):
            raise NotCertified("A second review asks for a coder's full credential, not expired.")
    await _walk(db, actor, claim, "review", [("ready", "coding approved")])
    await cards.withdraw(db, actor, [claim_id], outcome="approved", kind=REVIEW_CARD)
    await _tell(db, actor, "claim.approve", claim, "ready")
    return Coded(claim_id, "ready")


async def standing(db: TenantSession, actor: Actor, claim_id: UUID) -> Coded:
    actor.must("claims.read")
    claim = await queries.by_id(db, claim_id)
    return Coded(claim_id, claim.work)


def _why(supervised: bool, apart: bool) -> str:
    if supervised:
        return "second review of an apprentice or expired coder"
    return "somebody else approves" if apart else "no second review needed"


def _card(claim: Claim, supervised: bool) -> NewCard:
    return NewCard(
        kind=REVIEW_CARD,
        why=(
            "Coded by an apprentice, or by a coder whose credential has expired: review the coding."
            if supervised
            else "Coded: somebody else approves the coding."
        ),
        owner="coder",
        subject_type="claim",
        subject_id=claim.id,
        claim_id=claim.id,
        worth_cents=claim.charge_cents,
        source=f"coding-review:{claim.id}",
    )


async def _walk(
    db: TenantSession, actor: Actor, claim: Claim, start: str, path: list[tuple[str, str]]
) -> None:
    moves = []
    for state, why in path:
        moves.append(
            Move(
                field="work",
                claim_id=claim.id,
                from_state=start,
                to_state=state,
                why=why,
                source_type="coding",
            )
        )
        start = state
    await transitions.move_many(db, actor, moves)


async def _tell(db: TenantSession, actor: Actor, action: str, claim: Claim, state: str) -> None:
    await trail.record(
        db,
        actor,
        action,
        object_type="claim",
        object_id=claim.id,
        subjects=[claim.patient_id],
        detail={"state": state},
    )
