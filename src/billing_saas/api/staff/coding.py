"""The coding of a claim: done, and approved."""

from uuid import UUID

from litestar import post

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Db, Id, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import Out
from billing_saas.claims import coding
from billing_saas.claims.coding import Coded
from billing_saas.claims.errors import IllegalMove, NotCertified
from billing_saas.duties.errors import AnotherMust
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import TenantSession


class CodedOut(Out, frozen=True):
    """`work` is `ready`, or `review` when a colleague must approve the coding."""

    claim_id: UUID
    work: str

    @classmethod
    def of(cls, coded: Coded) -> "CodedOut":
        return cls(claim_id=coded.claim_id, work=coded.work)


async def _standing(db: TenantSession, actor: Actor, claim_id: UUID) -> CodedOut:
    return CodedOut.of(await coding.standing(db, actor, claim_id))


_SHOW_IT = {"get_claim": {"claim_id": "$request.path.claim_id"}}


@post(
    "/claims/{claim_id:uuid}/coding",
    summary="Say that the coding of a claim is done",
    opt=declared("claims.code", refusals=[IllegalMove], leads_to=_SHOW_IT)
    | manners(told_by=_standing),
)
async def finish_coding(db: Db, actor: Who, claim_id: Id) -> CodedOut:
    return CodedOut.of(await coding.finish(db, actor, claim_id))


@post(
    "/claims/{claim_id:uuid}/coding/approval",
    summary="Approve the coding of a claim in review",
    opt=declared(
        "claims.approve", refusals=[IllegalMove, AnotherMust, NotCertified], leads_to=_SHOW_IT
    )
    | manners(told_by=_standing),
)
async def approve_coding(db: Db, actor: Who, claim_id: Id) -> CodedOut:
    return CodedOut.of(await coding.approve(db, actor, claim_id))


HANDLERS = [finish_coding, approve_coding]
