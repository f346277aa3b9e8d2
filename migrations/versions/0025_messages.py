"""Contacts, consents, pauses, messages and letters of patients, and the numbers that texts leave from."""

from migrations.security import append_only, practice_table, run

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_CHANNEL = "channel IN ('email', 'text')"
_ADDRESS_STATES = "('none', 'unverified', 'verified', 'undeliverable')"


def upgrade() -> None:
    _contacts()
    _consents_and_pauses()
    _messages()
    _threads()
    _of_the_practice()


def _contacts() -> None:
    run(
        # How to reach one patient. The `_no` of an address counts its changes: a consent is given for
        # the address that stood then, and for no later one.
        f"""
        CREATE TABLE patient_contact (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          email_state text NOT NULL CHECK (email_state IN {_ADDRESS_STATES}),
          email_no integer NOT NULL DEFAULT 1,
          email_verified_at timestamptz,
          email_verified_how text NOT NULL DEFAULT '',
          phone_state text NOT NULL CHECK (phone_state IN {_ADDRESS_STATES}),
          phone_no integer NOT NULL DEFAULT 1,
          phone_verified_at timestamptz,
          phone_verified_how text NOT NULL DEFAULT '',
          preferred text NOT NULL CHECK (preferred IN ('email', 'text', 'post')),
          language text NOT NULL CHECK (language IN ('en', 'es')),
          time_zone text NOT NULL DEFAULT '',
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, patient_id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          CHECK ((email_verified_at IS NULL) = (email_state <> 'verified')),
          CHECK ((phone_verified_at IS NULL) = (phone_state <> 'verified'))
        )""",
    )
    practice_table(
        "patient_contact",
        updates=[
            *("phi_demo", "key_ver", "preferred", "language", "time_zone", "version", "updated_at"),
            *("email_state", "email_no"),
            *("email_verified_at", "email_verified_how"),
            *("phone_state", "phone_no"),
            *("phone_verified_at", "phone_verified_how"),
        ],
    )


def _consents_and_pauses() -> None:
    run(
        # The newest event of a channel and purpose is what counts; none is ever taken back.
        f"""
        CREATE TABLE consent_event (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          channel text NOT NULL CHECK ({_CHANNEL}),
          purpose text NOT NULL,
          given boolean NOT NULL,
          source text NOT NULL,
          wording text NOT NULL,
          address_no integer NOT NULL,
          at timestamptz NOT NULL,
          by_kind text NOT NULL,
          by_id uuid NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient
        )""",
        "CREATE INDEX consent_event_patient_idx"
        " ON consent_event (tenant_id, patient_id, channel, purpose, at, id)",
        # `channel` is empty for a pause of all of them.
        """
        CREATE TABLE message_pause (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          kind text NOT NULL,
          channel text NOT NULL DEFAULT '' CHECK (channel IN ('', 'email', 'text', 'post')),
          source_type text NOT NULL,
          source_id uuid NOT NULL,
          begun_at timestamptz NOT NULL,
          begun_by uuid NOT NULL,
          until timestamptz,
          lifted_at timestamptz,
          lifted_by uuid,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
        )""",
        "CREATE UNIQUE INDEX message_pause_standing_idx ON message_pause"
        " (tenant_id, patient_id, kind, channel, source_type, source_id) WHERE lifted_at IS NULL",
        "CREATE INDEX message_pause_source_idx"
        " ON message_pause (tenant_id, source_type, source_id) WHERE lifted_at IS NULL",
    )
    practice_table("consent_event")
    append_only("consent_event")
    practice_table("message_pause", updates=["until", "lifted_at", "lifted_by"])


def _messages() -> None:
    run(
        # What was decided stands with each message, also with the refused. `phi_demo` fills the
        # template (a link opens a balance): sealed, and gone once it left.
        """
        CREATE TABLE message (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          recipient_id uuid NOT NULL,
          template text NOT NULL,
          purpose text NOT NULL,
          channel text NOT NULL DEFAULT '' CHECK (channel IN ('', 'email', 'text', 'post')),
          language text NOT NULL,
          decision text NOT NULL CHECK (decision IN ('allowed', 'later', 'refused')),
          reasons text NOT NULL DEFAULT '',
          policy text NOT NULL,
          state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'delivered', 'failed',
            'bounced', 'dropped', 'printed', 'refused')),
          ended_because text NOT NULL DEFAULT '',
          phi_demo bytea,
          key_ver integer NOT NULL,
          carrier_id text NOT NULL DEFAULT '',
          attempts integer NOT NULL DEFAULT 0,
          address_no integer NOT NULL DEFAULT 0,
          send_after timestamptz NOT NULL,
          stale_at timestamptz NOT NULL,
          asked_at timestamptz NOT NULL,
          asked_by_kind text NOT NULL,
          asked_by uuid NOT NULL,
          sending_at timestamptz,
          sent_at timestamptz,
          ended_at timestamptz,
          complained_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, recipient_id) REFERENCES patient,
          CHECK ((decision <> 'refused') = (state <> 'refused')),
          CHECK (state IN ('waiting', 'sending') OR phi_demo IS NULL)
        )""",
        "CREATE INDEX message_patient_idx ON message (tenant_id, patient_id, id DESC)",
        "CREATE INDEX message_counted_idx ON message (tenant_id, recipient_id, channel, asked_at)"
        " WHERE state <> 'refused'",
        "CREATE INDEX message_standing_idx ON message (tenant_id, stale_at)"
        " WHERE state IN ('waiting', 'sending')",
        # What comes back (a bounce, a delivery, an unsubscription) names a message by a random word of
        # which only the hash is kept: the platform finds the practice by it, and nothing else.
        """
        CREATE TABLE message_route (
          tenant_id uuid NOT NULL REFERENCES practice,
          route_hash bytea NOT NULL CHECK (length(route_hash) = 32),
          message_id uuid NOT NULL,
          made_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, route_hash),
          FOREIGN KEY (tenant_id, message_id) REFERENCES message
        )""",
        "CREATE INDEX message_route_hash_idx ON message_route (route_hash)",
    )
    practice_table(
        "message",
        updates=[
            *("channel", "decision", "reasons", "state", "ended_because", "phi_demo", "key_ver"),
            *(
                "carrier_id",
                "attempts",
                "address_no",
                "send_after",
                "sending_at",
                "sent_at",
                "ended_at",
            ),
            *("complained_at", "version"),
        ],
    )
    practice_table("message_route", platform="SELECT (tenant_id, route_hash, message_id)")


def _threads() -> None:
    run(
        """
        CREATE TABLE letter_thread (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          kind text NOT NULL,
          state text NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
          phi_clin bytea NOT NULL,
          key_ver integer NOT NULL,
          letters integer NOT NULL DEFAULT 0,
          version integer NOT NULL DEFAULT 1,
          opened_at timestamptz NOT NULL,
          last_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient
        )""",
        "CREATE INDEX letter_thread_patient_idx ON letter_thread (tenant_id, patient_id, id DESC)",
        "CREATE INDEX letter_thread_state_idx ON letter_thread (tenant_id, state, id DESC)",
        """
        CREATE TABLE thread_letter (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          thread_id uuid NOT NULL,
          n integer NOT NULL,
          written_by text NOT NULL CHECK (written_by IN ('patient', 'office')),
          author_id uuid NOT NULL,
          phi_clin bytea NOT NULL,
          key_ver integer NOT NULL,
          written_at timestamptz NOT NULL,
          read_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, thread_id, n),
          FOREIGN KEY (tenant_id, thread_id) REFERENCES letter_thread
        )""",
    )
    practice_table(
        "letter_thread",
        updates=["state", "phi_clin", "key_ver", "letters", "version", "last_at"],
    )
    practice_table("thread_letter", updates=["phi_clin", "key_ver", "read_at"])


def _of_the_practice() -> None:
    run(
        """
        CREATE TABLE message_setting (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          name_allowed boolean NOT NULL DEFAULT false,
          opens_minute smallint NOT NULL CHECK (opens_minute BETWEEN 480 AND 1260),
          closes_minute smallint NOT NULL CHECK (closes_minute BETWEEN 480 AND 1260),
          most_a_week integer NOT NULL DEFAULT 3 CHECK (most_a_week BETWEEN 1 AND 7),
          version integer NOT NULL DEFAULT 1,
          updated_at timestamptz NOT NULL,
          CHECK (opens_minute < closes_minute)
        )""",
        # Ours, given by the operator: who could write down a number could send in another's name.
        """
        CREATE TABLE text_sender (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          text_number text NOT NULL CHECK (text_number ~ '^[+][1-9][0-9]{7,14}$'),
          given_at timestamptz NOT NULL
        )""",
        "CREATE INDEX text_sender_number_idx ON text_sender (text_number)",
    )
    practice_table(
        "message_setting",
        updates=[
            "name_allowed",
            "opens_minute",
            "closes_minute",
            "most_a_week",
            "version",
            "updated_at",
        ],
    )
    practice_table("text_sender", app="SELECT", platform="SELECT, INSERT, UPDATE, DELETE")
