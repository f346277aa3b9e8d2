"""Payment plans, and what the desk takes: receipts, takings, the drawer's close."""

from migrations.security import append_only, practice_table, run

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _plans()
    _desk()


def _plans() -> None:
    run(
        """
        CREATE TABLE plan_setting (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          most_instalments smallint NOT NULL CHECK (most_instalments BETWEEN 2 AND 36),
          minimum_cents bigint NOT NULL CHECK (minimum_cents > 0),
          grace_days smallint NOT NULL CHECK (grace_days BETWEEN 1 AND 60),
          notice_days smallint NOT NULL CHECK (notice_days BETWEEN 1 AND 14),
          truth_in_lending boolean NOT NULL,
          version integer NOT NULL,
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL,
          CHECK (most_instalments <= 4 OR truth_in_lending)
        )""",
        # `terms_digest` is of the words that were disclosed, `agreement_blob_id` the paper they stand on.
        """
        CREATE TABLE payment_plan (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          number text NOT NULL CHECK (number <> ''),
          guarantor_id uuid NOT NULL,
          state text NOT NULL CHECK (state IN ('draft', 'disclosed', 'accepted', 'active', 'missed',
            'grace', 'defaulted', 'completed', 'cancelled')),
          total_cents bigint NOT NULL CHECK (total_cents > 0),
          instalments smallint NOT NULL CHECK (instalments BETWEEN 2 AND 36),
          first_due_on date NOT NULL,
          grace_days smallint NOT NULL CHECK (grace_days BETWEEN 1 AND 60),
          notice_days smallint NOT NULL CHECK (notice_days BETWEEN 1 AND 14),
          truth_in_lending boolean NOT NULL,
          autopay boolean NOT NULL,
          autopay_stopped text NOT NULL DEFAULT '',
          language text NOT NULL CHECK (language IN ('en', 'es')),
          supersedes uuid,
          saved_method_id uuid,
          terms_version text NOT NULL DEFAULT '',
          terms_digest bytea CHECK (length(terms_digest) = 32),
          agreement_blob_id uuid,
          proposed_by_kind text NOT NULL,
          proposed_by uuid NOT NULL,
          proposed_at timestamptz NOT NULL,
          changed_at timestamptz NOT NULL,
          version integer NOT NULL DEFAULT 1,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, number),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, supersedes) REFERENCES payment_plan,
          FOREIGN KEY (tenant_id, agreement_blob_id) REFERENCES blob,
          FOREIGN KEY (tenant_id, saved_method_id) REFERENCES saved_method,
          CHECK (state IN ('draft', 'cancelled')
                 OR (terms_digest IS NOT NULL AND agreement_blob_id IS NOT NULL))
        )""",
        # Of a guarantor, one stands at a time: two plans would ask for the same debt twice.
        "CREATE UNIQUE INDEX payment_plan_standing_idx ON payment_plan (tenant_id, guarantor_id)"
        " WHERE state IN ('accepted', 'active', 'missed', 'grace')",
        "CREATE INDEX payment_plan_guarantor_idx ON payment_plan (tenant_id, guarantor_id, id DESC)",
        """
        CREATE TABLE plan_item (
          tenant_id uuid NOT NULL,
          payment_plan_id uuid NOT NULL,
          n smallint NOT NULL,
          patient_id uuid NOT NULL,
          claim_id uuid,
          charge_id uuid,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          PRIMARY KEY (tenant_id, payment_plan_id, n),
          FOREIGN KEY (tenant_id, payment_plan_id) REFERENCES payment_plan,
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient
        )""",
        """
        CREATE TABLE plan_instalment (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_plan_id uuid NOT NULL,
          n smallint NOT NULL CHECK (n > 0),
          due_on date NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          noticed_at timestamptz,
          missed_told_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, payment_plan_id, n),
          FOREIGN KEY (tenant_id, payment_plan_id) REFERENCES payment_plan
        )""",
        # A card asked for an instalment: written before it is asked, so that nothing is asked twice.
        """
        CREATE TABLE plan_try (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          plan_instalment_id uuid NOT NULL,
          saved_method_id uuid NOT NULL,
          n smallint NOT NULL CHECK (n > 0),
          tried_on date NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          payment_id uuid,
          outcome text NOT NULL CHECK (outcome IN ('started', 'succeeded', 'declined')),
          code text NOT NULL DEFAULT '',
          started_at timestamptz NOT NULL,
          ended_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, plan_instalment_id, n),
          FOREIGN KEY (tenant_id, plan_instalment_id) REFERENCES plan_instalment,
          FOREIGN KEY (tenant_id, saved_method_id) REFERENCES saved_method,
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
        )""",
        "CREATE UNIQUE INDEX plan_try_open_idx ON plan_try (tenant_id, plan_instalment_id)"
        " WHERE outcome = 'started'",
        "CREATE INDEX plan_try_method_idx ON plan_try (tenant_id, saved_method_id, tried_on)",
        """
        CREATE TABLE plan_event (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_plan_id uuid NOT NULL,
          at timestamptz NOT NULL,
          actor_kind text NOT NULL,
          actor_id uuid NOT NULL,
          from_state text NOT NULL,
          to_state text NOT NULL,
          why text NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, payment_plan_id) REFERENCES payment_plan
        )""",
        "CREATE INDEX plan_event_plan_idx ON plan_event (tenant_id, payment_plan_id, id)",
        """
        CREATE TABLE plan_consent (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_plan_id uuid NOT NULL,
          kind text NOT NULL CHECK (kind IN ('agreement', 'future_charges')),
          words text NOT NULL CHECK (words <> ''),
          words_version text NOT NULL,
          words_digest bytea NOT NULL CHECK (length(words_digest) = 32),
          language text NOT NULL CHECK (language IN ('en', 'es')),
          given_through text NOT NULL CHECK (given_through IN ('portal', 'desk', 'phone')),
          given_by_kind text NOT NULL,
          given_by uuid NOT NULL,
          given_at timestamptz NOT NULL,
          ip_prefix text NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, payment_plan_id, kind),
          FOREIGN KEY (tenant_id, payment_plan_id) REFERENCES payment_plan
        )""",
    )
    practice_table(
        "plan_setting",
        updates=(
            *("most_instalments", "minimum_cents", "grace_days", "notice_days"),
            *("truth_in_lending", "version", "changed_by", "changed_at"),
        ),
    )
    practice_table(
        "payment_plan",
        updates=(
            *("state", "autopay", "autopay_stopped", "saved_method_id", "terms_version"),
            *("terms_digest", "agreement_blob_id", "changed_at", "version"),
        ),
    )
    practice_table("plan_item")
    practice_table("plan_instalment", updates=("noticed_at", "missed_told_at"))
    practice_table("plan_try", updates=("payment_id", "outcome", "code", "ended_at"))
    practice_table("plan_event")
    practice_table("plan_consent")
    for table in ("plan_item", "plan_event", "plan_consent"):
        append_only(table)


def _desk() -> None:
    run(
        # What a person took over the counter, and whether their drawer was counted since.
        """
        CREATE TABLE desk_taking (
          tenant_id uuid NOT NULL REFERENCES practice,
          payment_id uuid NOT NULL,
          taken_on date NOT NULL,
          taken_by uuid NOT NULL,
          taken_at timestamptz NOT NULL,
          drawer_close_id uuid,
          PRIMARY KEY (tenant_id, payment_id),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
        )""",
        "CREATE INDEX desk_taking_open_idx ON desk_taking (tenant_id, taken_by)"
        " WHERE drawer_close_id IS NULL",
        """
        CREATE TABLE drawer_close (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          user_id uuid NOT NULL,
          closed_on date NOT NULL,
          closed_by uuid NOT NULL,
          closed_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id)
        )""",
        """
        CREATE TABLE drawer_count (
          tenant_id uuid NOT NULL,
          drawer_close_id uuid NOT NULL,
          method text NOT NULL CHECK (method IN ('cash', 'cheque', 'money_order')),
          takings integer NOT NULL,
          expected_cents bigint NOT NULL,
          counted_cents bigint NOT NULL CHECK (counted_cents >= 0),
          PRIMARY KEY (tenant_id, drawer_close_id, method),
          FOREIGN KEY (tenant_id, drawer_close_id) REFERENCES drawer_close
        )""",
        "ALTER TABLE desk_taking ADD FOREIGN KEY (tenant_id, drawer_close_id) REFERENCES drawer_close",
        # Receipts are numbered without a gap, of each practice by itself.
        """
        CREATE TABLE receipt_counter (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          last_number integer NOT NULL CHECK (last_number > 0)
        )""",
        """
        CREATE TABLE receipt (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          number integer NOT NULL CHECK (number > 0),
          payment_id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          issued_by_kind text NOT NULL,
          issued_by uuid NOT NULL,
          issued_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, number),
          UNIQUE (tenant_id, payment_id),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient
        )""",
    )
    practice_table("desk_taking", updates=("drawer_close_id",))
    practice_table("drawer_close")
    practice_table("drawer_count")
    practice_table("receipt_counter", updates=("last_number",))
    practice_table("receipt")
    for table in ("drawer_close", "drawer_count", "receipt"):
        append_only(table)
