"""The 835 as a fact of business: payments, claim payments, services, adjustments, provider adjustments."""

from migrations.security import append_only, practice_table, run

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE remittance (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          arrival_id uuid NOT NULL,
          n integer NOT NULL CHECK (n > 0),
          payer_id uuid NOT NULL,
          payer_name text NOT NULL,
          trace_number text NOT NULL,
          payment_cents bigint NOT NULL,
          method text NOT NULL,
          payment_on date NOT NULL,
          claims integer NOT NULL,
          claims_paid_cents bigint NOT NULL,
          provider_adjustment_cents bigint NOT NULL,
          difference_cents bigint NOT NULL,
          state text NOT NULL CHECK (state IN ('parsed', 'balanced', 'matched', 'posted', 'reconciled',
            'closed', 'duplicate', 'out_of_balance')),
          duplicate_of uuid,
          posting_number smallint NOT NULL DEFAULT 0,
          received_at timestamptz NOT NULL,
          posted_at timestamptz,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, arrival_id, n),
          FOREIGN KEY (tenant_id, arrival_id) REFERENCES arrival,
          FOREIGN KEY (tenant_id, payer_id) REFERENCES payer,
          FOREIGN KEY (tenant_id, duplicate_of) REFERENCES remittance
        )""",
        # TRN02 plus the payer identifies an 835; the file name does not. What was never sound or never
        # balanced is not it yet: the payer may send it again, mended.
        "CREATE UNIQUE INDEX remittance_trace_key ON remittance (tenant_id, payer_id, trace_number)"
        " WHERE state NOT IN ('duplicate', 'parsed', 'out_of_balance')",
        """
        CREATE TABLE claim_payment (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          remittance_id uuid NOT NULL,
          n integer NOT NULL,
          segment_position integer NOT NULL,
          status text NOT NULL,
          charge_cents bigint NOT NULL,
          paid_cents bigint NOT NULL,
          patient_responsibility_cents bigint NOT NULL,
          filing_indicator text NOT NULL,
          frequency text NOT NULL,
          service_from date,
          service_to date,
          remarks text NOT NULL,
          state text NOT NULL CHECK (state IN ('unmatched', 'matched', 'auto_posted', 'review',
            'posted', 'reversed')),
          review_reason text NOT NULL DEFAULT '',
          claim_id uuid,
          submission_id uuid,
          reverses uuid,
          entry_id uuid,
          posting_number smallint NOT NULL DEFAULT 0,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, remittance_id, n),
          FOREIGN KEY (tenant_id, remittance_id) REFERENCES remittance,
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, submission_id) REFERENCES submission,
          FOREIGN KEY (tenant_id, reverses) REFERENCES claim_payment,
          FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry
        )""",
        "CREATE INDEX claim_payment_claim_idx ON claim_payment (tenant_id, claim_id)"
        " WHERE claim_id IS NOT NULL",
        """
        CREATE TABLE service_payment (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          claim_payment_id uuid NOT NULL,
          n smallint NOT NULL,
          segment_position integer NOT NULL,
          procedure_qualifier text NOT NULL,
          procedure_code text NOT NULL,
          modifiers text NOT NULL,
          submitted_procedure text NOT NULL,
          units text NOT NULL,
          charge_cents bigint NOT NULL,
          paid_cents bigint NOT NULL,
          allowed_cents bigint,
          service_from date,
          service_to date,
          line_control_number text NOT NULL,
          remarks text NOT NULL,
          denied boolean NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, claim_payment_id, n),
          FOREIGN KEY (tenant_id, claim_payment_id) REFERENCES claim_payment
        )""",
        """
        CREATE TABLE adjustment (
          tenant_id uuid NOT NULL,
          claim_payment_id uuid NOT NULL,
          n smallint NOT NULL,
          service_payment_id uuid,
          group_code text NOT NULL,
          reason_code text NOT NULL,
          amount_cents bigint NOT NULL,
          quantity text NOT NULL DEFAULT '',
          PRIMARY KEY (tenant_id, claim_payment_id, n),
          FOREIGN KEY (tenant_id, claim_payment_id) REFERENCES claim_payment,
          FOREIGN KEY (tenant_id, service_payment_id) REFERENCES service_payment
        )""",
        """
        CREATE TABLE provider_adjustment (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          remittance_id uuid NOT NULL,
          n smallint NOT NULL,
          provider_identifier text NOT NULL,
          fiscal_period_end date,
          reason text NOT NULL,
          amount_cents bigint NOT NULL,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          entry_id uuid,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, remittance_id, n),
          FOREIGN KEY (tenant_id, remittance_id) REFERENCES remittance,
          FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry
        )""",
    )
    practice_table(
        "remittance",
        # The totals are known when the last claim has been read.
        updates=[
            "state", "posted_at", "posting_number", "claims", "claims_paid_cents",
            "provider_adjustment_cents", "difference_cents", "duplicate_of",
        ],
    )  # fmt: skip
    practice_table(
        "claim_payment",
        updates=[
            "state", "review_reason", "claim_id", "submission_id", "reverses", "entry_id",
            "posting_number",
        ],
    )  # fmt: skip
    practice_table("service_payment")
    practice_table("adjustment")
    practice_table("provider_adjustment", updates=["entry_id"])
    append_only("service_payment")
    append_only("adjustment")
