"""Who acts. Handed to every act; never ambient, never defaulted."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from billing_saas.kit import clock
from billing_saas.kit.errors import NotFound, Refused

# How long a second factor that was just shown stands for the acts that ask for one.
STEP_UP_GOOD_FOR = timedelta(minutes=5)


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


class AuthLevel(IntEnum):
    """How surely it is known who acts: a token is held, a person showed one factor, or two."""

    TOKEN = 0
    ONE_FACTOR = 1
    TWO_FACTORS = 2


class NotPermitted(Refused):
    pass


class StepUpRequired(Refused):
    """The act asks for a second factor that was shown just now."""


@dataclass(frozen=True, slots=True)
class Actor:
    kind: ActorKind
    id: UUID
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    purpose: Purpose = Purpose.PAYMENT
    on_behalf_of: UUID | None = None
    session: UUID | None = None
    auth_level: AuthLevel = AuthLevel.TOKEN
    stepped_up_at: datetime | None = None
    only_patient: UUID | None = None
    """Nobody else's data may be seen: an emergency was opened for this one."""
    outsider: bool = False
    """Asked in from outside: what is not for them does not exist."""
    request_id: str = ""
    ip_prefix: str = field(default="", repr=False)

    def must(self, permission: str) -> None:
        """Refuse (403) unless the actor's roles allow `permission`, e.g. `remittances.post`."""
        if permission not in self.permissions:
            if self.outsider:
                raise NotFound("There is nothing here for you.")
            raise NotPermitted("Your roles do not allow this.", permission=permission)

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def may_see(self, patient_id: UUID | None) -> bool:
        """Whether what concerns this patient (None: no patient) is within what was asked for."""
        return self.only_patient is None or self.only_patient == patient_id

    def must_have_stepped_up(self) -> None:
        """Refuse (403, `step-up-required`) unless the person showed a second factor minutes ago.

        The system passes: what it does was asked by somebody who was checked, or by whoever may run
        commands on the machine. Tokens, of people and of machines, never step up.
        """
        if self.kind is ActorKind.SYSTEM:
            return
        shown = self.stepped_up_at
        if shown is None or clock.now() - shown > STEP_UP_GOOD_FOR:
            raise StepUpRequired("Show your second factor again, then repeat this.")
