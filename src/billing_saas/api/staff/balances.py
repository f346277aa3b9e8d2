"""The books: balances now or as of any past day, and the entries behind a claim."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.params import QueryParameter

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Asked, Db, Id, Who
from billing_saas.api.wire import Out, PageOut
from billing_saas.claims import queries as claims
from billing_saas.ledger import queries
from billing_saas.ledger.queries import AsOf, PostedEntry, TrialBalance
from billing_saas.ledger.rules import Line


class TrialRowOut(Out, frozen=True):
    """One account and the side it stands on."""

    account: str
    debit_cents: int
    credit_cents: int


class TrialBalanceOut(Out, frozen=True):
    """Every account that is not at zero. Debits equal credits."""

    rows: list[TrialRowOut]
    debit_cents: int
    credit_cents: int

    @classmethod
    def of(cls, balance: TrialBalance) -> "TrialBalanceOut":
        return cls(
            rows=[
                TrialRowOut(
                    account=row.account.value,
                    debit_cents=row.debit_cents,
                    credit_cents=row.credit_cents,
                )
                for row in balance.rows
            ],
            debit_cents=balance.debit_cents,
            credit_cents=balance.credit_cents,
        )


class EntryLineOut(Out, frozen=True):
    """A debit is positive, a credit negative."""

    account: str
    amount_cents: int
    party_kind: str
    party_id: UUID | None
    charge_id: UUID | None
    group_code: str | None
    reason_code: str | None

    @classmethod
    def of(cls, line: Line) -> "EntryLineOut":
        return cls(
            account=line.account.value,
            amount_cents=line.amount_cents,
            party_kind=line.party_kind,
            party_id=line.party_id,
            charge_id=line.charge_id,
            group_code=line.group_code,
            reason_code=line.reason_code,
        )


class EntryOut(Out, frozen=True):
    """`effective_on` is the day it counts, `recorded_at` when we learnt it."""

    id: UUID
    source: str
    kind: str
    effective_on: date
    recorded_at: datetime
    reverses: UUID | None
    reversed_by: UUID | None
    lines: list[EntryLineOut]

    @classmethod
    def of(cls, entry: PostedEntry) -> "EntryOut":
        return cls(
            id=entry.id,
            source=entry.source,
            kind=entry.kind,
            effective_on=entry.effective_on,
            recorded_at=entry.recorded_at,
            reverses=entry.reverses,
            reversed_by=entry.reversed_by,
            lines=[EntryLineOut.of(line) for line in entry.lines],
        )


@get(
    "/balances",
    summary="The trial balance, now or as of a past day",
    opt=declared("ledger.read"),
)
async def get_balances(
    db: Db,
    actor: Who,
    effective_on: Annotated[
        date | None, QueryParameter(description="What counted on this day.")
    ] = None,
    recorded_at: Annotated[
        datetime | None, QueryParameter(description="As far as was known at this instant.")
    ] = None,
) -> TrialBalanceOut:
    as_of = AsOf(effective_on, recorded_at)
    return TrialBalanceOut.of(await queries.trial_balance(db, actor, as_of))


@get(
    "/claims/{claim_id:uuid}/entries",
    summary="The journal entries of a claim, newest first",
    opt=declared("claims.read", "ledger.read"),
)
async def list_claim_entries(db: Db, actor: Who, page: Asked, claim_id: Id) -> PageOut[EntryOut]:
    await claims.must_exist(db, actor, claim_id)
    found = await queries.claim_entries(db, actor, claim_id, page)
    return PageOut([EntryOut.of(entry) for entry in found.rows], found.next_cursor)


HANDLERS = [get_balances, list_claim_entries]
