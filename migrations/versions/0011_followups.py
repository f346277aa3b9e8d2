"""The work list: cards, without a word of PHI, so that they can be listed across practices."""

from migrations.security import practice_table, run

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE card (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          kind text NOT NULL,
          why text NOT NULL,
          owner text NOT NULL
            CHECK (owner IN ('biller', 'coder', 'practice', 'payer', 'patient', 'system')),
          subject_type text NOT NULL,
          subject_id uuid NOT NULL,
          claim_id uuid,
          worth_cents bigint NOT NULL DEFAULT 0,
          due_on date,
          state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done')),
          source text NOT NULL,
          opened_at timestamptz NOT NULL,
          closed_at timestamptz,
          closed_by uuid,
          outcome text NOT NULL DEFAULT '',
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, source),
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim
        )""",
        "CREATE INDEX card_open_idx ON card (tenant_id, due_on, id) WHERE state = 'open'",
    )
    practice_table(
        "card",
        updates=["state", "closed_at", "closed_by", "outcome", "worth_cents", "due_on"],
        reader=True,
    )
