"""What a client may be, and what its secrets and tokens look like. Pure."""

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from billing_saas.clients import key_rules
from billing_saas.identity.rules import PERMISSIONS

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What each begins with: scanners of source code and logs know ours by it.
TOKEN_PREFIX = "mc_"  # noqa: S105  # not a secret
SECRET_PREFIX = "ms_"  # noqa: S105  # not a secret
# Ours wherever it stands: 256 bits in base64url. `bt_` is a person's.
SHOWN = re.compile(r"(?:mc|ms|bt)_[A-Za-z0-9_-]{43}")

TOKEN_GOOD_FOR = timedelta(minutes=10)
LONGEST_LIFE = timedelta(days=366)
LONGEST_OVERLAP = timedelta(days=7)
SECRETS_AT_ONCE = 2
MOST_NETWORKS = 32

# Of people alone: machines give nobody rights, no second factor can be asked of them, and a second look
# is a person's.
_OF_PEOPLE = frozenset(
    {"agreements", "cases", "claims.approve", "clients", "company", "credentials", "duties"}
    | {"emergencies", "identity_providers", "members", "reviewers"}
    | {"agencies.disclose", "agencies.pay", "collections.close", "collections.place"}
    | {"hardship.decide", "hardship.policy", "hardship.write_off"}
)


def _is_of_people(permission: str) -> bool:
    return not _OF_PEOPLE.isdisjoint({permission, permission.partition(".")[0]})


SCOPES: frozenset[str] = frozenset(
    permission
    for held in PERMISSIONS.values()
    for permission in held
    if not _is_of_people(permission)
)
"""The permissions of a practice that a machine may be given."""


@dataclass(frozen=True, slots=True)
class NewClient:
    """How a client is to be. `public_keys`: those of `private_key_jwt`, by value."""

    name: str
    scopes: Sequence[str]
    expires_at: datetime
    networks: Sequence[str] = ()
    public_keys: Sequence[dict[str, Any]] = field(default=())


def faults(new: NewClient, *, made_at: datetime, now: datetime) -> dict[str, str]:
    """By place, what a client cannot be."""
    found: dict[str, str] = {}
    if not new.name.strip():
        found["name"] = "A name is needed."
    if not new.scopes:
        found["scopes"] = "A client without scopes may do nothing."
    unknown = sorted(set(new.scopes) - SCOPES)
    if unknown:
        found["scopes"] = "There is a scope that no machine can be given."
    if not now < new.expires_at <= made_at + LONGEST_LIFE:
        found["expires_at"] = "In the future, and at most a year after the client was made."
    if len(new.networks) > MOST_NETWORKS:
        found["networks"] = f"At most {MOST_NETWORKS}."
    for place, network in enumerate(new.networks):
        if not is_network(network):
            found[f"networks[{place}]"] = "A block such as 203.0.113.0/24 or 2001:db8::/32."
    return found | key_rules.faults(new.public_keys)


def is_network(text: str) -> bool:
    """A CIDR block without host bits. One that lets everybody in is no list."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        return False
    return network.prefixlen > 0


def lets_in(networks: Iterable[str], address: Address | None) -> bool:
    """No list lets in from anywhere; a list lets in nobody whose address is not known."""
    blocks = [ipaddress.ip_network(network) for network in networks]
    if not blocks:
        return True
    return address is not None and any(address in block for block in blocks)


def listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def joined(words: Iterable[str]) -> str:
    return " ".join(sorted(set(words)))


def digest(secret: str) -> bytes:
    """Secrets and tokens are 256 random bits: one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).digest()


def shown_in(text: str) -> list[str]:
    """Every token or secret of ours that stands in the text."""
    return list(dict.fromkeys(SHOWN.findall(text)))
