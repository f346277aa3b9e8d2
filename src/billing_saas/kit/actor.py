"""Who acts. Handed to every act; never ambient, never defaulted."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from billing_saas.kit.errors import Refused


class ActorKind(StrEnum):
    USER = "user"
    PATIENT = "patient"
    CLIENT = "client"
    SYSTEM = "system"


class Purpose(StrEnum):
    """Why protected data is touched (HIPAA, 45 CFR 164.506)."""

    PAYMENT = "payment"
    OPERATIONS = "operations"
    TREATMENT = "treatment"
    PATIENT_REQUEST = "patient_request"
    LEGAL = "legal"
    EMERGENCY = "emergency"


class NotPermitted(Refused):
    pass


@dataclass(frozen=True, slots=True)
class Actor:
    kind: ActorKind
    id: UUID
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    purpose: Purpose = Purpose.PAYMENT
    on_behalf_of: UUID | None = None
    session: UUID | None = None
    request_id: str = ""
    ip_prefix: str = field(default="", repr=False)

    def must(self, permission: str) -> None:
        """Refuse (403) unless the actor's roles allow `permission`, e.g. `remittances.post`."""
        if permission not in self.permissions:
            raise NotPermitted("Your roles do not allow this.", permission=permission)

    def may(self, permission: str) -> bool:
        return permission in self.permissions
