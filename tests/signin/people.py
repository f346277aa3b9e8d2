"""People at the door: a password and an app, made the way pages make them."""

from dataclasses import dataclass, replace

import pyotp

from billing_saas.kit.db import Database
from billing_saas.kit.rates import MemoryRates
from billing_saas.requests.limiting import Limiter
from billing_saas.signin import credentials, entering, factors, sessions, totp
from billing_saas.signin.entering import Entered
from billing_saas.signin.trying import Place, Tries
from tests.cast import Person

PASSWORD = "a few quiet words"
HOME = Place(prefix="203.0.113.7", ip_prefix="203.0.113.0/24", user_agent_hint="Firefox on Linux")


class Clock:
    """Microseconds and seconds that pass when told."""

    def __init__(self) -> None:
        self.us = 1_000_000_000_000

    def microseconds(self) -> int:
        return self.us

    def seconds(self) -> float:
        return self.us / 1_000_000

    def forward(self, seconds: float) -> None:
        self.us += int(seconds * 1_000_000)


def tries_by(clock: Clock) -> Tries:
    limiter = Limiter(MemoryRates(clock.microseconds), clock.seconds)
    return Tries(limiter, b"b" * 32, b"d" * 32)


@dataclass(frozen=True)
class Account:
    person: Person
    email: str
    secret: str
    """Of the authenticator app."""

    def code(self, steps: int = 0) -> str:
        from billing_saas.kit import clock

        step = int(clock.now().timestamp()) // 30 + steps
        return pyotp.TOTP(self.secret).generate_otp(step)


async def with_password(database: Database, person: Person) -> Account:
    async with database.platform() as db:
        standing = await factors.of(db, person.actor.id)
        await credentials.set_password(db, person.actor.id, PASSWORD, email=standing.email)
    return Account(person, standing.email, "")


async def with_app(database: Database, person: Person) -> Account:
    """A password and an app, whose code of the step before was its first."""
    account = await with_password(database, person)
    async with database.platform() as db:
        secret = await totp.begin(db, person.actor.id)
    account = replace(account, secret=secret)
    async with database.platform() as db:
        assert await factors.add_totp(db, person.actor, account.code(-1))
    return account


async def signed_in(
    database: Database, tries: Tries, account: Account, place: Place = HOME
) -> Entered:
    pending = await entering.by_password(database, tries, account.email, PASSWORD, place)
    return await entering.by_code(database, tries, pending, account.code(), place)


async def session_of(database: Database, person: Person, *, methods: str = "pwd otp") -> str:
    """An open session, without the way to it."""
    async with database.platform() as db:
        return await sessions.open_session(
            db,
            person.actor.id,
            methods=frozenset(methods.split()),
            ip_prefix="203.0.113.0/24",
            user_agent_hint="Firefox on Linux",
        )
