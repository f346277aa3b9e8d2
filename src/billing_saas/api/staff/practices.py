"""Who I am, and the practices I may enter."""

from typing import Any
from uuid import UUID

from litestar import Request, get

from billing_saas.api.declaring import declared
from billing_saas.api.deps import Db, Person, Who
from billing_saas.api.wire import Out
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.db import Database
from billing_saas.tenants import queries
from billing_saas.tenants.tables import Practice


class PracticeOut(Out, frozen=True):
    """`roles` are those that who asks holds in it."""

    id: UUID
    name: str
    npi: str
    time_zone: str
    status: str
    roles: list[str]

    @classmethod
    def of(cls, practice: Practice, roles: frozenset[str]) -> "PracticeOut":
        return cls(
            id=practice.tenant_id,
            name=practice.name,
            npi=practice.npi,
            time_zone=practice.time_zone,
            status=practice.status,
            roles=sorted(roles),
        )


@get(
    "/practices",
    summary="The practices I may enter",
    opt=declared(leads_to={"get_practice": {"practice_id": "$response.body#/0/id"}}),
)
async def list_practices(
    principal: Person, request: Request[Principal, None, Any]
) -> list[PracticeOut]:
    database: Database = request.app.state.database
    async with database.company(principal.practices) as company:
        practices = await queries.practices(company)
    return [PracticeOut.of(practice, principal.roles[practice.tenant_id]) for practice in practices]


@get("/", summary="One practice", opt=declared())
async def get_practice(db: Db, actor: Who) -> PracticeOut:
    return PracticeOut.of(await queries.this_practice(db), actor.roles)
