"""Payments of patients, refunds, disputes, payouts."""

from migrations.security import append_only, practice_table, run

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _accounts()
    _payments()
    _backwards()
    _payouts()
    _events()


def _accounts() -> None:
    run(
        # The practice is the merchant: an account of its own at the processor, Connect Standard.
        """
        CREATE TABLE processor_account (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          processor_id text,
          livemode boolean NOT NULL,
          state text NOT NULL CHECK (state IN ('opening', 'onboarding', 'restricted', 'active',
            'ended')),
          charges_enabled boolean NOT NULL DEFAULT false,
          payouts_enabled boolean NOT NULL DEFAULT false,
          details_submitted boolean NOT NULL DEFAULT false,
          requirements text NOT NULL DEFAULT '',
          disabled_reason text NOT NULL DEFAULT '',
          checked_at timestamptz,
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          ended_at timestamptz,
          PRIMARY KEY (tenant_id, id)
        )""",
        "CREATE UNIQUE INDEX processor_account_one_idx ON processor_account (tenant_id)"
        " WHERE ended_at IS NULL",
        "CREATE INDEX processor_account_processor_idx ON processor_account (processor_id)",
        """
        CREATE TABLE payment_setting (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          refund_limit_cents bigint NOT NULL CHECK (refund_limit_cents >= 0),
          version integer NOT NULL DEFAULT 1,
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL
        )""",
    )
    practice_table(
        "processor_account",
        updates=[
            *("processor_id", "state", "charges_enabled", "payouts_enabled"),
            *("details_submitted", "requirements", "disabled_reason", "checked_at", "ended_at"),
        ],
        # Whoever knocks names an account: the door asks whose it is, and nothing else.
        platform="SELECT (tenant_id, processor_id, livemode)",
    )
    practice_table(
        "payment_setting", updates=["refund_limit_cents", "version", "changed_by", "changed_at"]
    )


def _payments() -> None:
    run(
        """
        CREATE TABLE payment (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          statement_id uuid,
          plan_instalment_id uuid,
          saved_method_id uuid,
          method text NOT NULL CHECK (method IN ('checkout', 'saved_card', 'cash', 'cheque',
            'money_order')),
          purpose text NOT NULL CHECK (purpose IN ('bill', 'copay', 'prepayment', 'plan')),
          state text NOT NULL CHECK (state IN ('started', 'processing', 'unknown', 'succeeded',
            'failed', 'expired')),
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          refunded_cents bigint NOT NULL DEFAULT 0 CHECK (refunded_cents >= 0),
          disputed text NOT NULL DEFAULT '' CHECK (disputed IN ('', 'open', 'won', 'lost')),
          attempts smallint NOT NULL DEFAULT 0,
          failure_code text NOT NULL DEFAULT '',
          paper_number text NOT NULL DEFAULT '',
          received_on date NOT NULL,
          voided_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          started_by_kind text NOT NULL,
          started_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          succeeded_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient
        )""",
        "CREATE INDEX payment_guarantor_idx ON payment (tenant_id, guarantor_id, id DESC)",
        "CREATE INDEX payment_statement_idx ON payment (tenant_id, statement_id)"
        " WHERE statement_id IS NOT NULL",
        "CREATE INDEX payment_instalment_idx ON payment (tenant_id, plan_instalment_id)"
        " WHERE plan_instalment_id IS NOT NULL",
        # Each asking of the processor, with the key it was asked by: the same key is the same asking.
        """
        CREATE TABLE payment_attempt (
          tenant_id uuid NOT NULL,
          payment_id uuid NOT NULL,
          n smallint NOT NULL CHECK (n > 0),
          state text NOT NULL CHECK (state IN ('asked', 'open', 'processing', 'unknown',
            'succeeded', 'failed', 'expired')),
          checkout_id text,
          intent_id text,
          checkout_url text,
          failure_code text NOT NULL DEFAULT '',
          asked_at timestamptz NOT NULL,
          expires_at timestamptz,
          look_at timestamptz,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, payment_id, n),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
        )""",
        "CREATE UNIQUE INDEX payment_attempt_intent_idx ON payment_attempt (tenant_id, intent_id)",
        "CREATE UNIQUE INDEX payment_attempt_checkout_idx"
        " ON payment_attempt (tenant_id, checkout_id)",
        "CREATE INDEX payment_attempt_look_idx ON payment_attempt (tenant_id, look_at)"
        " WHERE look_at IS NOT NULL",
        # What was taken: one charge of the processor, or the paper that lay on the desk.
        """
        CREATE TABLE payment_charge (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_id uuid NOT NULL,
          processor_id text,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          entry_id uuid NOT NULL,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, processor_id),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
        )""",
        "CREATE INDEX payment_charge_payment_idx ON payment_charge (tenant_id, payment_id)",
        # What a payment went to: a charge, or nothing yet (unapplied). Taken back by a negative share.
        """
        CREATE TABLE payment_share (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_id uuid NOT NULL,
          refund_id uuid,
          patient_id uuid NOT NULL,
          claim_id uuid,
          charge_id uuid,
          unapplied boolean NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment,
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient
        )""",
        "CREATE INDEX payment_share_payment_idx ON payment_share (tenant_id, payment_id, id)",
        # A card that a person agreed to have kept by the processor: its number was never here.
        """
        CREATE TABLE saved_method (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          state text NOT NULL CHECK (state IN ('asked', 'open', 'unknown', 'active', 'failed',
            'ended')),
          checkout_id text,
          checkout_url text,
          customer_id text,
          method_id text,
          brand text NOT NULL DEFAULT '',
          expires_on date,
          consent_version text NOT NULL,
          consented_at timestamptz NOT NULL,
          consented_by_kind text NOT NULL,
          consented_by uuid NOT NULL,
          look_at timestamptz,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          ended_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient
        )""",
        "CREATE INDEX saved_method_guarantor_idx ON saved_method (tenant_id, guarantor_id, id DESC)",
        "CREATE INDEX saved_method_look_idx ON saved_method (tenant_id, look_at)"
        " WHERE look_at IS NOT NULL",
    )
    practice_table(
        "payment",
        updates=[
            *("state", "refunded_cents", "disputed", "attempts", "failure_code", "voided_at"),
            *("version", "updated_at", "succeeded_at"),
        ],
    )
    practice_table(
        "payment_attempt",
        updates=[
            *("state", "checkout_id", "intent_id", "checkout_url", "failure_code", "expires_at"),
            *("look_at", "updated_at"),
        ],
        platform="SELECT (tenant_id, look_at)",
    )
    practice_table("payment_charge")
    append_only("payment_charge")
    practice_table("payment_share")
    append_only("payment_share")
    practice_table(
        "saved_method",
        updates=[
            *("state", "checkout_id", "checkout_url", "customer_id", "method_id", "brand"),
            *("expires_on", "look_at", "updated_at", "ended_at"),
        ],
        platform="SELECT (tenant_id, look_at)",
    )


def _backwards() -> None:
    run(
        """
        CREATE TABLE refund (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_id uuid NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          reason text NOT NULL CHECK (reason IN ('overpaid', 'duplicate', 'billing_error',
            'service_cancelled', 'insurance_paid', 'courtesy', 'at_processor')),
          method text NOT NULL CHECK (method IN ('processor', 'cash', 'cheque')),
          state text NOT NULL CHECK (state IN ('awaiting_approval', 'approved', 'unknown',
            'pending', 'succeeded', 'failed', 'refused', 'repaid')),
          processor_id text,
          journalled boolean NOT NULL DEFAULT false,
          came_back boolean NOT NULL DEFAULT false,
          failure_code text NOT NULL DEFAULT '',
          paper_number text NOT NULL DEFAULT '',
          asked_by_kind text NOT NULL,
          asked_by uuid NOT NULL,
          asked_at timestamptz NOT NULL,
          decided_by uuid,
          decided_at timestamptz,
          look_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, processor_id),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
        )""",
        "CREATE INDEX refund_payment_idx ON refund (tenant_id, payment_id, id)",
        "CREATE INDEX refund_look_idx ON refund (tenant_id, look_at) WHERE look_at IS NOT NULL",
        """
        CREATE TABLE dispute (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          payment_id uuid NOT NULL,
          processor_id text NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
          reason text NOT NULL,
          state text NOT NULL CHECK (state IN ('needs_response', 'under_review', 'won', 'lost',
            'inquiry', 'inquiry_closed')),
          evidence_due_at timestamptz,
          evidence_state text NOT NULL DEFAULT '' CHECK (evidence_state IN ('', 'asked', 'sent',
            'refused')),
          evidence_by uuid,
          evidence_at timestamptz,
          opened_at timestamptz NOT NULL,
          closed_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, processor_id),
          FOREIGN KEY (tenant_id, payment_id) REFERENCES payment
        )""",
        "CREATE INDEX dispute_payment_idx ON dispute (tenant_id, payment_id)",
    )
    practice_table(
        "refund",
        updates=[
            *("state", "processor_id", "journalled", "came_back", "failure_code", "paper_number"),
            *("decided_by", "decided_at", "look_at", "version", "updated_at"),
        ],
        platform="SELECT (tenant_id, look_at)",
    )
    practice_table(
        "dispute",
        updates=[
            *("amount_cents", "state", "evidence_due_at", "evidence_state", "evidence_by"),
            *("evidence_at", "closed_at", "version", "updated_at"),
        ],
    )


def _payouts() -> None:
    run(
        """
        CREATE TABLE payout (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          processor_id text NOT NULL,
          amount_cents bigint NOT NULL,
          state text NOT NULL CHECK (state IN ('pending', 'in_transit', 'paid', 'failed',
            'canceled')),
          arrival_on date NOT NULL,
          automatic boolean NOT NULL,
          ours_cents bigint NOT NULL DEFAULT 0,
          other_cents bigint NOT NULL DEFAULT 0,
          reconciled text NOT NULL DEFAULT '' CHECK (reconciled IN ('', 'balanced', 'with_others',
            'by_hand')),
          entry_id uuid,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, processor_id)
        )""",
        """
        CREATE TABLE balance_transaction (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          processor_id text NOT NULL,
          payout_id uuid,
          kind text NOT NULL,
          source text NOT NULL,
          amount_cents bigint NOT NULL,
          fee_cents bigint NOT NULL,
          net_cents bigint NOT NULL,
          matched text NOT NULL CHECK (matched IN ('payment', 'refund', 'dispute', 'fee', 'payout',
            'other')),
          object_id uuid,
          at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, processor_id),
          FOREIGN KEY (tenant_id, payout_id) REFERENCES payout
        )""",
        "CREATE INDEX balance_transaction_payout_idx ON balance_transaction (tenant_id, payout_id)",
    )
    practice_table(
        "payout",
        updates=[
            *("state", "arrival_on", "ours_cents", "other_cents", "reconciled", "entry_id"),
            "updated_at",
        ],
    )
    practice_table("balance_transaction", updates=["payout_id", "matched", "object_id"])


def _events() -> None:
    run(
        # What knocked: never its body, which is asked again of the processor, only that it came.
        """
        CREATE TABLE processor_event (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          processor_id text NOT NULL,
          kind text NOT NULL,
          object_id text NOT NULL,
          body_sha256 bytea NOT NULL,
          state text NOT NULL CHECK (state IN ('received', 'handled', 'ignored')),
          happened_at timestamptz NOT NULL,
          received_at timestamptz NOT NULL,
          handled_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, processor_id)
        )""",
    )
    practice_table("processor_event", updates=["state", "handled_at"])
