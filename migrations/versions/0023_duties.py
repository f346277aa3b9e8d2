"""Who may not do both, what a role sees, credentials of coders, emergencies, reviewers of one case."""

from migrations.security import append_only, practice_table, run

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _duties()
    _credentials()
    _emergencies()
    _reviewers()


def _duties() -> None:
    run(
        # A practice without a row has what a small office needs: nothing kept apart, nothing more shown.
        """
        CREATE TABLE duty_setting (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          front_desk_sees_diagnoses boolean NOT NULL DEFAULT false,
          coding_apart boolean NOT NULL DEFAULT false,
          posting_apart boolean NOT NULL DEFAULT false,
          refunds_apart boolean NOT NULL DEFAULT false,
          write_offs_apart boolean NOT NULL DEFAULT false,
          write_off_limit_cents bigint NOT NULL DEFAULT 0 CHECK (write_off_limit_cents >= 0),
          version integer NOT NULL DEFAULT 1,
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL
        )""",
        # What a person did that somebody else must follow up: the least that `must_differ` asks.
        """
        CREATE TABLE duty_done (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          step text NOT NULL CHECK (step <> ''),
          object_id uuid NOT NULL,
          user_id uuid NOT NULL,
          amount_cents bigint NOT NULL DEFAULT 0,
          at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id)
        )""",
        "CREATE INDEX duty_done_object_idx ON duty_done (tenant_id, object_id, step, id DESC)",
    )
    practice_table(
        "duty_setting",
        updates=[
            *("front_desk_sees_diagnoses", "coding_apart", "posting_apart", "refunds_apart"),
            *("write_offs_apart", "write_off_limit_cents", "version", "changed_by", "changed_at"),
        ],
    )
    practice_table("duty_done")
    append_only("duty_done")


def _credentials() -> None:
    run(
        """
        CREATE TABLE coder_credential (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          user_id uuid NOT NULL REFERENCES app_user,
          kind text NOT NULL CHECK (kind IN ('CPC', 'CPC-A', 'COC', 'COC-A', 'CIC', 'CIC-A',
            'CRC', 'CCS', 'CCS-P')),
          expires_on date NOT NULL,
          recorded_by uuid NOT NULL,
          recorded_at timestamptz NOT NULL,
          ended_by uuid,
          ended_at timestamptz,
          PRIMARY KEY (tenant_id, id)
        )""",
        "CREATE INDEX coder_credential_user_idx ON coder_credential (tenant_id, user_id)"
        " WHERE ended_at IS NULL",
    )
    practice_table("coder_credential", updates=["ended_by", "ended_at"])


def _emergencies() -> None:
    run(
        # `phi_clin`: the reason in a person's own words, and a ticket; people write names into such.
        """
        CREATE TABLE emergency_access (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          user_id uuid NOT NULL REFERENCES app_user,
          patient_id uuid,
          phi_clin bytea NOT NULL,
          key_ver integer NOT NULL,
          opened_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          ended_at timestamptz,
          told_at timestamptz,
          review text NOT NULL DEFAULT '' CHECK (review IN ('', 'justified', 'not_justified')),
          reviewed_by uuid,
          reviewed_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          CHECK (expires_at >= opened_at AND expires_at <= opened_at + interval '4 hours'),
          CHECK ((review = '') = (reviewed_at IS NULL)),
          CHECK (reviewed_by <> user_id)
        )""",
        "CREATE INDEX emergency_access_user_idx ON emergency_access (user_id, expires_at)",
        "CREATE INDEX emergency_access_open_idx ON emergency_access (tenant_id, id)"
        " WHERE review = ''",
        "CREATE INDEX emergency_access_untold_idx ON emergency_access (id) WHERE told_at IS NULL",
    )
    practice_table(
        "emergency_access",
        updates=["phi_clin", "key_ver", "ended_at", "review", "reviewed_by", "reviewed_at"],
        # The door asks whom it lets in, and a letter tells the practice: neither reads why.
        platform="SELECT (tenant_id, id, user_id, patient_id, opened_at, expires_at, ended_at,"
        " told_at), UPDATE (told_at)",
    )


def _reviewers() -> None:
    run(
        """
        CREATE TABLE case_review (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          claim_id uuid NOT NULL,
          user_id uuid NOT NULL REFERENCES app_user,
          granted_by uuid NOT NULL,
          granted_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          ended_by uuid,
          ended_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          CHECK (expires_at >= granted_at AND expires_at <= granted_at + interval '30 days')
        )""",
        "CREATE INDEX case_review_user_idx ON case_review (tenant_id, user_id)",
    )
    practice_table("case_review", updates=["ended_by", "ended_at"])
