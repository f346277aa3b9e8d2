"""Links and codes that patients open, and their sessions."""

from migrations.security import practice_table, run

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # `secret_hash`: SHA-256 of a link's token or of a paper's code. `about`: the statement, plan or
        # contact that it is for; rooms above own those, so it is no foreign key.
        """
        CREATE TABLE portal_link (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          kind text NOT NULL CHECK (kind IN ('statement', 'pay', 'verify', 'plan')),
          form text NOT NULL CHECK (form IN ('link', 'code')),
          guarantor_id uuid NOT NULL,
          about uuid,
          secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
          wrong_tries smallint NOT NULL DEFAULT 0 CHECK (wrong_tries >= 0),
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL CHECK (expires_at <= created_at + interval '366 days'),
          used_at timestamptz,
          ended_at timestamptz,
          end_reason text NOT NULL DEFAULT '' CHECK ((end_reason = '') = (ended_at IS NULL)),
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient (tenant_id, id)
        )""",
        "CREATE INDEX portal_link_guarantor_idx ON portal_link (tenant_id, guarantor_id, id)",
        "CREATE INDEX portal_link_expires_idx ON portal_link (expires_at)",
        # `statement_id`: a session that was opened for one bill shows that one and no other.
        """
        CREATE TABLE portal_session (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
          guarantor_id uuid NOT NULL,
          link_id uuid,
          statement_id uuid,
          level text NOT NULL CHECK (level IN ('knows', 'verified')),
          language text NOT NULL CHECK (language IN ('en', 'es')),
          opened_at timestamptz NOT NULL,
          seen_at timestamptz NOT NULL,
          raised_at timestamptz,
          expires_at timestamptz NOT NULL,
          ended_at timestamptz,
          end_reason text NOT NULL DEFAULT '' CHECK ((end_reason = '') = (ended_at IS NULL)),
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient (tenant_id, id)
        )""",
        "CREATE INDEX portal_session_guarantor_idx ON portal_session (tenant_id, guarantor_id, id)",
        "CREATE INDEX portal_session_expires_idx ON portal_session (expires_at)",
        # One-time codes, good in the session that asked for them. Six digits are few, so the hash is
        # under a key that is not in the database.
        """
        CREATE TABLE portal_code (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          session_id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          channel text NOT NULL CHECK (channel IN ('email', 'text')),
          code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
          key_version smallint NOT NULL,
          wrong_tries smallint NOT NULL DEFAULT 0 CHECK (wrong_tries >= 0),
          made_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL CHECK (expires_at <= made_at + interval '1 hour'),
          used_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, session_id) REFERENCES portal_session (tenant_id, id)
        )""",
        "CREATE INDEX portal_code_guarantor_idx ON portal_code (tenant_id, guarantor_id, id)",
        "CREATE INDEX portal_code_session_idx ON portal_code (tenant_id, session_id, id)",
        "CREATE INDEX portal_code_expires_idx ON portal_code (expires_at)",
        # How a practice looks to its patients, and what it lets them do.
        """
        CREATE TABLE portal_look (
          tenant_id uuid NOT NULL PRIMARY KEY REFERENCES practice,
          shown_name text NOT NULL CHECK (shown_name <> ''),
          accent text NOT NULL CHECK (accent ~ '^#[0-9a-f]{6}$'),
          logo_document_id uuid,
          languages text NOT NULL CHECK (languages IN ('en', 'es', 'en es', 'es en')),
          pays_part boolean NOT NULL,
          opens_record boolean NOT NULL,
          version int NOT NULL CHECK (version > 0),
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL,
          FOREIGN KEY (tenant_id, logo_document_id) REFERENCES document (tenant_id, id)
        )""",
    )
    # The platform learns of a link and a session whose practice it is, and no more: neither whom it is
    # for nor what about. It removes what ran out.
    practice_table(
        "portal_link",
        updates=("wrong_tries", "used_at", "ended_at", "end_reason"),
        platform="SELECT (tenant_id, secret_hash, expires_at), DELETE",
    )
    practice_table(
        "portal_session",
        updates=(
            *("secret_hash", "level", "language", "seen_at", "raised_at", "expires_at"),
            *("ended_at", "end_reason"),
        ),
        platform="SELECT (tenant_id, secret_hash, expires_at), DELETE",
    )
    practice_table(
        "portal_code",
        updates=("wrong_tries", "used_at"),
        platform="SELECT (expires_at), DELETE",
    )
    practice_table(
        "portal_look",
        updates=(
            *("shown_name", "accent", "logo_document_id", "languages", "pays_part", "opens_record"),
            *("version", "changed_by", "changed_at"),
        ),
    )
