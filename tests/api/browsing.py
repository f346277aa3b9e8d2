"""People at a browser: a session that has just shown two factors, and what a page of ours sends with it."""

import hashlib
import hmac
from dataclasses import dataclass, field

from billing_saas.api import cookies
from billing_saas.api.edge import Edge
from billing_saas.kit.db import Database
from billing_saas.vault import keys as vault_keys
from tests.cast import Person
from tests.signin import people


@dataclass(frozen=True)
class AtBrowser(Person):
    """Some things are not done by a token: who changes who may enter shows a second factor first."""

    sent: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        return self.sent


async def at_browser(database: Database, person: Person) -> AtBrowser:
    secret = await people.session_of(database, person)
    keys = await vault_keys.of(database)
    token = hmac.digest(keys.of("csrf", keys.newest), secret.encode(), hashlib.sha256).hex()
    sent = {
        "Cookie": f"{cookies.name_of(Edge(), cookies.SESSION)}={secret}",
        "X-CSRF-Token": token,
        "Sec-Fetch-Site": "same-origin",
    }
    return AtBrowser(person.actor, person.token, sent)
