"""A provider's answer: held against what was asked, and a session for the person it vouches for.

Every refusal looks the same from outside; the audit trail has the reason.
"""

import hmac
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete

from billing_saas.federation import id_tokens, linking, providers, starting
from billing_saas.federation.errors import NotVouchedFor, ProviderNotFound
from billing_saas.federation.id_tokens import Asked, Vouched
from billing_saas.federation.tables import IdentityProvider, OidcAttempt
from billing_saas.gateways.openid import (
    CodeRefused,
    Metadata,
    NotAProvider,
    OpenIdProviders,
    Registration,
    Tokens,
)
from billing_saas.gateways.outward import NotReached
from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.signin import entering, rules
from billing_saas.signin.entering import Entered
from billing_saas.signin.errors import WrongCredential
from billing_saas.signin.trying import Place, Tries

_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What the browser brought back, and the cookie it has."""

    provider_id: UUID
    state: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    issuer: str = ""
    error: str = ""
    browser: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class _Attempt:
    provider: IdentityProvider
    us: Registration


async def by_provider(
    database: Database,
    openid: OpenIdProviders,
    tries: Tries,
    answer: ProviderAnswer,
    site: str,
    place: Place,
) -> Entered:
    """A session, whole if the provider says that it saw two factors; or `WrongCredential`."""
    await tries.of_place("provider", place)
    try:
        attempt = await _taken(database, answer, site)
        said = await _vouched(database, openid, attempt, answer)
        async with database.platform() as db:
            provider = await starting.active(db, answer.provider_id)
            user_id = await linking.person_of(db, provider, said)
            methods = _methods(provider, said)
            return await entering.opened(db, tries, user_id, methods, place)
    except (NotVouchedFor, NotReached, NotAProvider, ProviderNotFound) as error:
        reason = getattr(error, "reason", "provider.unknown")
    async with database.platform() as db:
        await entering.refused(db, None, place, "fed", reason=reason)
    raise WrongCredential


async def _taken(database: Database, answer: ProviderAnswer, site: str) -> _Attempt:
    """The attempt this answers. It is gone by this, good or not, so that no answer counts twice."""
    if not answer.state or len(answer.state) > _LONGEST:
        raise NotVouchedFor("state.missing")
    async with database.platform() as db:
        held = (
            await db.execute(
                delete(OidcAttempt)
                .where(OidcAttempt.state_hash == rules.secret_hash(answer.state))
                .returning(
                    OidcAttempt.browser_hash, OidcAttempt.provider_id, OidcAttempt.expires_at
                )
            )
        ).one_or_none()
    if held is None:
        raise NotVouchedFor("state.unknown")
    if not hmac.compare_digest(held.browser_hash, rules.secret_hash(answer.browser)):
        raise NotVouchedFor("state.browser")
    if held.provider_id != answer.provider_id:
        raise NotVouchedFor("state.provider")
    if clock.now() >= held.expires_at:
        raise NotVouchedFor("state.expired")
    async with database.platform() as db:
        provider = await starting.active(db, answer.provider_id)
        secret = await providers.client_secret(db, provider)
    us = Registration(provider.client_id, secret, starting.redirect_uri(site, answer.provider_id))
    return _Attempt(provider, us)


async def _vouched(
    database: Database, openid: OpenIdProviders, attempt: _Attempt, answer: ProviderAnswer
) -> Vouched:
    """The provider is asked, with no transaction open."""
    provider = attempt.provider
    metadata = await openid.metadata(provider.issuer)
    # RFC 9207: an answer of another provider, sent to us by this one's way.
    if (answer.issuer or metadata.says_issuer) and answer.issuer != provider.issuer:
        raise NotVouchedFor("answer.issuer")
    if answer.error:
        raise NotVouchedFor("answer.error")
    if not answer.code or len(answer.code) > _LONGEST:
        raise NotVouchedFor("answer.code")
    verifier = starting.derived("code_verifier", answer.browser, answer.state)
    try:
        tokens = await openid.exchange(metadata, attempt.us, answer.code, verifier)
    except CodeRefused:
        raise NotVouchedFor("answer.refused") from None
    said = await _read(openid, metadata, provider, tokens, answer)
    async with database.platform() as db:
        known = await linking.is_linked(db, provider, said.subject)
    return said if known or said.email else await _with_email(openid, metadata, tokens, said)


async def _read(
    openid: OpenIdProviders,
    metadata: Metadata,
    provider: IdentityProvider,
    tokens: Tokens,
    answer: ProviderAnswer,
) -> Vouched:
    asked = Asked(
        issuer=provider.issuer,
        client_id=provider.client_id,
        nonce=starting.derived("nonce", answer.browser, answer.state),
        algorithms=metadata.algorithms,
        access_token=tokens.access_token,
        now=clock.now(),
    )
    kid = id_tokens.key_id(tokens.id_token)
    keys = await openid.keys(provider.issuer)
    if kid and all(key.get("kid") != kid for key in keys):
        keys = await openid.keys(provider.issuer, lacking=kid)
    return id_tokens.read(tokens.id_token, keys, asked)


async def _with_email(
    openid: OpenIdProviders, metadata: Metadata, tokens: Tokens, said: Vouched
) -> Vouched:
    """Some tell the address only when asked for it; it counts if it is of the same subject (Core, 5.3.2)."""
    more = id_tokens.vouched({"sub": "", **await openid.user_info(metadata, tokens)})
    if more.subject != said.subject:
        raise NotVouchedFor("user_info.subject")
    return Vouched(said.subject, more.email, more.email_verified, said.amr, said.acr)


def _methods(provider: IdentityProvider, said: Vouched) -> frozenset[str]:
    """`mfa` when the provider says, in the words its admin chose, that it saw a second factor."""
    two = said.amr & set(provider.second_factor_amr.split()) or (
        said.acr and said.acr in provider.second_factor_acr.split()
    )
    return frozenset({"fed", "mfa"} if two else {"fed"})
