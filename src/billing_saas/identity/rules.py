"""Roles and what each may do: one readable table. Nothing else decides a permission."""

import hashlib
from collections.abc import Iterable

PERMISSIONS: dict[str, frozenset[str]] = {
    "biller": frozenset(
        {"arrivals.read", "arrivals.receive", "cards.read", "cards.work", "claims.read"}
        | {"claims.write", "ledger.read", "patients.read", "patients.write", "practice.read"}
        | {"connections.read", "documents.read", "documents.write", "remittances.post"}
        | {"remittances.read"}
    ),
    "coder": frozenset(
        {"cards.read", "claims.read", "documents.read", "patients.read", "practice.read"}
    ),
    "front_desk": frozenset(
        {"cards.read", "documents.read", "documents.write", "patients.read", "patients.write"}
        | {"practice.read"}
    ),
    "provider": frozenset({"claims.read", "documents.read", "patients.read", "practice.read"}),
    "practice_admin": frozenset(
        {"arrivals.read", "audit.read", "cards.read", "claims.read", "jobs.read", "ledger.read"}
        | {"documents.read", "documents.write", "patients.read", "patients.write"}
        | {"connections.read", "connections.write", "practice.read", "remittances.read"}
    ),
    "supervisor": frozenset(
        {"arrivals.read", "arrivals.receive", "cards.read", "cards.work", "claims.read"}
        | {"claims.write", "jobs.read", "jobs.replay", "ledger.close", "ledger.read"}
        | {"documents.read", "documents.write", "patients.read", "patients.write"}
        | {"connections.read", "connections.write", "practice.read"}
        | {"remittances.post", "remittances.read", "remittances.reverse"}
    ),
    "auditor": frozenset({"audit.read", "practice.read"}),
    "reviewer": frozenset({"practice.read"}),
}


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(PERMISSIONS[role] for role in roles))


def token_hash(token: str) -> bytes:
    """Tokens are 256 random bits, so one round of SHA-256 is enough and costs nothing per request."""
    return hashlib.sha256(token.encode()).digest()
