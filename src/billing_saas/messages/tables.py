from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_saas.kit.db import Row


class PatientContact(Row):
    """`phi_demo` is `rules.Addresses`. The `_no` of an address counts its changes: a consent is given for
    the one that stood then. An empty `time_zone` is the practice's."""

    __tablename__ = "patient_contact"
    __table_args__ = (
        UniqueConstraint("tenant_id", "patient_id"),
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    phi_demo: Mapped[bytes]
    key_ver: Mapped[int]
    email_state: Mapped[str]
    email_no: Mapped[int]
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    email_verified_how: Mapped[str]
    phone_state: Mapped[str]
    phone_no: Mapped[int]
    phone_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    phone_verified_how: Mapped[str]
    preferred: Mapped[str]
    language: Mapped[str]
    time_zone: Mapped[str]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ConsentEvent(Row):
    """Append-only: the newest of a channel and purpose counts."""

    __tablename__ = "consent_event"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    channel: Mapped[str]
    purpose: Mapped[str]
    given: Mapped[bool]
    source: Mapped[str]
    wording: Mapped[str]
    address_no: Mapped[int]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    by_kind: Mapped[str]
    by_id: Mapped[UUID]


class MessagePause(Row):
    """Stands until it is lifted or its time is over. An empty `channel` is all of them."""

    __tablename__ = "message_pause"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    kind: Mapped[str]
    channel: Mapped[str]
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    begun_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    begun_by: Mapped[UUID]
    until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    lifted_by: Mapped[UUID | None]


class Message(Row):
    """`patient_id` is whom it was asked for, `recipient_id` who gets it. `reasons` are words, separated
    by spaces. `phi_demo` is `rules.Words`, gone once the message left or never will."""

    __tablename__ = "message"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
        ForeignKeyConstraint(["tenant_id", "recipient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    recipient_id: Mapped[UUID]
    template: Mapped[str]
    purpose: Mapped[str]
    channel: Mapped[str]
    language: Mapped[str]
    decision: Mapped[str]
    reasons: Mapped[str]
    policy: Mapped[str]
    state: Mapped[str]
    ended_because: Mapped[str]
    phi_demo: Mapped[bytes | None]
    key_ver: Mapped[int]
    carrier_id: Mapped[str]
    attempts: Mapped[int]
    address_no: Mapped[int]
    send_after: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stale_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    asked_by_kind: Mapped[str]
    asked_by: Mapped[UUID]
    sending_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    complained_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int]


class MessageRoute(Row):
    """By which word what comes back finds its message; only the hash of the word is kept."""

    __tablename__ = "message_route"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "message_id"], ["message.tenant_id", "message.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    route_hash: Mapped[bytes] = mapped_column(primary_key=True)
    message_id: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LetterThread(Row):
    """What patient and office write to each other about one thing. `phi_clin` is `rules.Topic`."""

    __tablename__ = "letter_thread"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "patient_id"], ["patient.tenant_id", "patient.id"]),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[str]
    phi_clin: Mapped[bytes]
    key_ver: Mapped[int]
    letters: Mapped[int]
    version: Mapped[int]
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ThreadLetter(Row):
    """`phi_clin` is `rules.Body`. `read_at`: when the other side opened it first."""

    __tablename__ = "thread_letter"
    __table_args__ = (
        UniqueConstraint("tenant_id", "thread_id", "n"),
        ForeignKeyConstraint(
            ["tenant_id", "thread_id"], ["letter_thread.tenant_id", "letter_thread.id"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    thread_id: Mapped[UUID]
    n: Mapped[int]
    written_by: Mapped[str]
    author_id: Mapped[UUID]
    phi_clin: Mapped[bytes]
    key_ver: Mapped[int]
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MessageSetting(Row):
    """What a practice chose, within the law: no row, and the defaults hold. Minutes are of the day."""

    __tablename__ = "message_setting"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    name_allowed: Mapped[bool]
    opens_minute: Mapped[int] = mapped_column(SmallInteger)
    closes_minute: Mapped[int] = mapped_column(SmallInteger)
    most_a_week: Mapped[int]
    version: Mapped[int]
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TextSender(Row):
    """The number that a practice's texts leave from; the operator gives it."""

    __tablename__ = "text_sender"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("practice.tenant_id"), primary_key=True)
    text_number: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
