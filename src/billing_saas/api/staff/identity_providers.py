"""Who vouches for the people of a company, or for a practice's own, at sign-in."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, delete, get, post, put
from litestar.params import JSONBody

from billing_saas.api import conditions
from billing_saas.api.declaring import declared
from billing_saas.api.deps import Id, People, Who
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out
from billing_saas.federation import providers, starting
from billing_saas.federation.errors import (
    DomainNotGood,
    DomainTaken,
    NotOfThePractice,
    ProviderNotGood,
    TooManyProviders,
)
from billing_saas.federation.providers import Provider, ProviderSettings
from billing_saas.identity.signing_in import Principal
from billing_saas.kit.actor import Actor, StepUpRequired
from billing_saas.kit.db import NarrowedSession

Words = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^\S+$")]],
    msgspec.Meta(max_length=50),
]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Issuer = Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^https?://\S+$")]
Plain = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
Secret = Annotated[str, msgspec.Meta(max_length=1000)]


class IdentityProviderOut(Out, frozen=True):
    """`redirect_uri` is what the provider is told of us. The client's secret is shown to nobody."""

    id: UUID
    name: str
    issuer: str
    client_id: str
    redirect_uri: str
    scopes: list[str]
    second_factor_amr: list[str]
    second_factor_acr: list[str]
    email_domains: list[str]
    vouches_for_domains: bool
    active: bool
    updated_at: datetime

    @classmethod
    def of(cls, provider: Provider, site: str) -> "IdentityProviderOut":
        row = provider.row
        return cls(
            id=row.id,
            name=row.name,
            issuer=row.issuer,
            client_id=row.client_id,
            redirect_uri=starting.redirect_uri(site, row.id),
            scopes=row.scopes.split(),
            second_factor_amr=row.second_factor_amr.split(),
            second_factor_acr=row.second_factor_acr.split(),
            email_domains=list(provider.email_domains),
            vouches_for_domains=row.vouches_for_domains,
            active=row.active,
            updated_at=row.updated_at,
        )


class IdentityProviderIn(In, frozen=True, forbid_unknown_fields=True):
    """`issuer` as the provider writes it, to the letter. `second_factor_amr` and `second_factor_acr` are
    the words by which it says that it saw a second factor; without one of them we ask for one.
    `vouches_for_domains`: addresses of `email_domains` count as verified when it says nothing of that."""

    name: Name
    issuer: Issuer
    client_id: Plain
    client_secret: Secret = ""
    scopes: Words = msgspec.field(default_factory=lambda: ["openid", "email", "profile"])
    second_factor_amr: Words = msgspec.field(default_factory=lambda: ["mfa"])
    second_factor_acr: Words = msgspec.field(default_factory=list)
    email_domains: Words = msgspec.field(default_factory=list)
    vouches_for_domains: bool = False
    active: bool = True

    def meant(self) -> ProviderSettings:
        return ProviderSettings(
            name=self.name,
            issuer=self.issuer,
            client_id=self.client_id,
            client_secret=self.client_secret,
            scopes=" ".join(self.scopes),
            second_factor_amr=tuple(self.second_factor_amr),
            second_factor_acr=tuple(self.second_factor_acr),
            email_domains=tuple(self.email_domains),
            vouches_for_domains=self.vouches_for_domains,
            active=self.active,
        )


Asked = Request[Principal, None, Any]
_REFUSALS = [StepUpRequired, ProviderNotGood, DomainTaken, DomainNotGood]
_OF_PRACTICE = [*_REFUSALS, NotOfThePractice]
_FIRST = {"identity_provider_id": "$response.body#/0/id"}
_FIRST_OF_COMPANY = {**_FIRST, "company_id": "$request.path.company_id"}


def _site(request: Asked) -> str:
    site: str = request.app.state.edge.site
    return site


async def _list(people: NarrowedSession, actor: Actor, request: Asked) -> list[IdentityProviderOut]:
    found = await providers.listed(people, actor)
    return [IdentityProviderOut.of(one, _site(request)) for one in found]


async def _one(
    people: NarrowedSession, actor: Actor, provider_id: UUID, request: Asked
) -> IdentityProviderOut:
    return IdentityProviderOut.of(await providers.one(people, actor, provider_id), _site(request))


async def _add(
    people: NarrowedSession, actor: Actor, data: IdentityProviderIn, request: Asked
) -> IdentityProviderOut:
    await providers.announced(actor, request.app.state.openid, data.issuer)
    return await _one(people, actor, await providers.add(people, actor, data.meant()), request)


async def _change(
    people: NarrowedSession,
    actor: Actor,
    provider_id: UUID,
    data: IdentityProviderIn,
    request: Asked,
) -> IdentityProviderOut:
    async def locked() -> IdentityProviderOut:
        await providers.lock(people, provider_id)
        return await _one(people, actor, provider_id, request)

    await conditions.must_have_seen(request, locked)
    if data.active:
        await providers.announced(actor, request.app.state.openid, data.issuer)
    await providers.change(people, actor, provider_id, data.meant())
    return await _one(people, actor, provider_id, request)


@get(
    "/identity-providers",
    summary="Who vouches for the practice's own people",
    opt=declared("identity_providers.read", leads_to={"get_identity_provider": _FIRST}),
)
async def list_identity_providers(
    people: People, actor: Who, request: Asked
) -> list[IdentityProviderOut]:
    return await _list(people, actor, request)


@post(
    "/identity-providers",
    summary="Let a provider vouch for the practice's own people",
    opt=declared(
        "identity_providers.write",
        "identity_providers.read",
        refusals=[*_OF_PRACTICE, TooManyProviders],
    )
    | manners(kind="plain"),
)
async def add_identity_provider(
    people: People, actor: Who, data: JSONBody[IdentityProviderIn], request: Asked
) -> IdentityProviderOut:
    return await _add(people, actor, data, request)


@get(
    "/identity-providers/{identity_provider_id:uuid}",
    summary="One provider of the practice",
    opt=declared("identity_providers.read"),
)
async def get_identity_provider(
    people: People, actor: Who, identity_provider_id: Id, request: Asked
) -> IdentityProviderOut:
    return await _one(people, actor, identity_provider_id, request)


@put(
    "/identity-providers/{identity_provider_id:uuid}",
    summary="Change a provider of the practice, or switch it off",
    opt=declared("identity_providers.write", "identity_providers.read", refusals=_OF_PRACTICE)
    | manners(kind="plain", seen=True),
)
async def change_identity_provider(
    people: People,
    actor: Who,
    identity_provider_id: Id,
    data: JSONBody[IdentityProviderIn],
    request: Asked,
) -> IdentityProviderOut:
    return await _change(people, actor, identity_provider_id, data, request)


@delete(
    "/identity-providers/{identity_provider_id:uuid}/people/{member_id:uuid}",
    status_code=204,
    summary="Forget which account at the provider is a person's",
    opt=declared("identity_providers.write", refusals=[StepUpRequired, NotOfThePractice])
    | manners(kind="plain"),
)
async def forget_identity(
    people: People, actor: Who, identity_provider_id: Id, member_id: Id
) -> None:
    await providers.unlink(people, actor, identity_provider_id, member_id)


@get(
    "/identity-providers",
    summary="Who vouches for the company's people",
    opt=declared(
        "identity_providers.read",
        leads_to={"get_company_identity_provider": _FIRST_OF_COMPANY},
    ),
)
async def list_company_identity_providers(
    people: People, actor: Who, request: Asked
) -> list[IdentityProviderOut]:
    return await _list(people, actor, request)


@post(
    "/identity-providers",
    summary="Let a provider vouch for the company's people",
    opt=declared(
        "identity_providers.write",
        "identity_providers.read",
        refusals=[*_REFUSALS, TooManyProviders],
    )
    | manners(kind="plain"),
)
async def add_company_identity_provider(
    people: People, actor: Who, data: JSONBody[IdentityProviderIn], request: Asked
) -> IdentityProviderOut:
    return await _add(people, actor, data, request)


@get(
    "/identity-providers/{identity_provider_id:uuid}",
    summary="One provider of the company",
    opt=declared("identity_providers.read"),
)
async def get_company_identity_provider(
    people: People, actor: Who, identity_provider_id: Id, request: Asked
) -> IdentityProviderOut:
    return await _one(people, actor, identity_provider_id, request)


@put(
    "/identity-providers/{identity_provider_id:uuid}",
    summary="Change a provider of the company, or switch it off",
    opt=declared("identity_providers.write", "identity_providers.read", refusals=_REFUSALS)
    | manners(kind="plain", seen=True),
)
async def change_company_identity_provider(
    people: People,
    actor: Who,
    identity_provider_id: Id,
    data: JSONBody[IdentityProviderIn],
    request: Asked,
) -> IdentityProviderOut:
    return await _change(people, actor, identity_provider_id, data, request)


@delete(
    "/identity-providers/{identity_provider_id:uuid}/people/{member_id:uuid}",
    status_code=204,
    summary="Forget which account at the provider is a person's",
    opt=declared("identity_providers.write", refusals=[StepUpRequired]) | manners(kind="plain"),
)
async def forget_company_identity(
    people: People, actor: Who, identity_provider_id: Id, member_id: Id
) -> None:
    await providers.unlink(people, actor, identity_provider_id, member_id)


HANDLERS = [
    *(list_identity_providers, add_identity_provider, get_identity_provider),
    *(change_identity_provider, forget_identity),
]
OF_COMPANY = [
    *(list_company_identity_providers, add_company_identity_provider),
    *(get_company_identity_provider, change_company_identity_provider, forget_company_identity),
]
