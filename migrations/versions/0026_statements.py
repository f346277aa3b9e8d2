"""Guarantors, statements and their runs."""

from migrations.security import practice_table, run

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_STAGES = "('first', 'reminder', 'past_due', 'final_notice', 'hardship_screen')"


def upgrade() -> None:
    _guarantors()
    _rules()
    _runs()
    _statements()
    _dunning()
    _batches()


def _guarantors() -> None:
    run(
        # No row: the patient pays for himself.
        """
        CREATE TABLE patient_guarantor (
          tenant_id uuid NOT NULL REFERENCES practice,
          patient_id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          version integer NOT NULL DEFAULT 1,
          assigned_by uuid NOT NULL,
          assigned_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, patient_id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient,
          CHECK (patient_id <> guarantor_id)
        )""",
        "CREATE INDEX patient_guarantor_idx ON patient_guarantor (tenant_id, guarantor_id)",
        # What is owed under the records that a patient was merged from is asked for by the survivor.
        "CREATE INDEX patient_merged_idx ON patient (tenant_id, merged_into)"
        " WHERE merged_into IS NOT NULL",
    )
    practice_table(
        "patient_guarantor",
        app="SELECT, INSERT, DELETE",
        updates=["guarantor_id", "version", "assigned_by", "assigned_at"],
    )


def _rules() -> None:
    run(
        # A practice without a row has the defaults of `statements.rules`, and no run by itself.
        """
        CREATE TABLE statement_rule (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          minimum_cents bigint NOT NULL CHECK (minimum_cents BETWEEN 1 AND 100000),
          cycle_days integer NOT NULL CHECK (cycle_days BETWEEN 7 AND 120),
          due_days integer NOT NULL CHECK (due_days BETWEEN 10 AND 60),
          automatic boolean NOT NULL,
          electronic boolean NOT NULL,
          phone text NOT NULL,
          pay_to text NOT NULL,
          version integer NOT NULL DEFAULT 1,
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL
        )"""
    )
    practice_table(
        "statement_rule",
        updates=[
            *("minimum_cents", "cycle_days", "due_days", "automatic", "electronic", "phone"),
            *("pay_to", "version", "changed_by", "changed_at"),
        ],
    )


def _runs() -> None:
    run(
        """
        CREATE TABLE statement_run (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          asked text NOT NULL CHECK (asked IN ('clock', 'person')),
          state text NOT NULL CHECK (state IN ('previewed', 'issuing', 'issued', 'dropped')),
          run_on date NOT NULL,
          guarantors integer NOT NULL DEFAULT 0,
          included integer NOT NULL DEFAULT 0,
          issued integer NOT NULL DEFAULT 0,
          total_cents bigint NOT NULL DEFAULT 0,
          version integer NOT NULL DEFAULT 1,
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          finished_at timestamptz,
          PRIMARY KEY (tenant_id, id)
        )""",
        "CREATE UNIQUE INDEX statement_run_clock_idx ON statement_run (tenant_id, run_on)"
        " WHERE asked = 'clock'",
        # Two runs at once would ask the same person twice.
        "CREATE UNIQUE INDEX statement_run_issuing_idx ON statement_run (tenant_id)"
        " WHERE state = 'issuing'",
        # What the preview said of each guarantor who owes; `reasons` are words, apart by blanks.
        """
        CREATE TABLE statement_candidate (
          tenant_id uuid NOT NULL,
          run_id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          included boolean NOT NULL,
          reasons text NOT NULL,
          stage text NOT NULL DEFAULT '',
          owed_cents bigint NOT NULL,
          billed_cents bigint NOT NULL,
          statement_id uuid,
          PRIMARY KEY (tenant_id, run_id, guarantor_id),
          FOREIGN KEY (tenant_id, run_id) REFERENCES statement_run,
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient
        )""",
    )
    practice_table(
        "statement_run",
        updates=[
            *("state", "guarantors", "included", "issued", "total_cents", "version"),
            "finished_at",
        ],
    )
    practice_table(
        "statement_candidate", updates=["included", "reasons", "statement_id", "billed_cents"]
    )


def _statements() -> None:
    run(
        # What was issued stays as it was: only its state, and how it was delivered, move on.
        f"""
        CREATE TABLE statement (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          number text NOT NULL,
          guarantor_id uuid NOT NULL,
          run_id uuid,
          stage text NOT NULL CHECK (stage IN {_STAGES}),
          state text NOT NULL CHECK (state IN ('draft', 'issued', 'viewed', 'part_paid', 'paid',
            'void')),
          language text NOT NULL CHECK (language IN ('en', 'es')),
          total_cents bigint NOT NULL CHECK (total_cents > 0),
          issued_on date NOT NULL,
          due_on date NOT NULL,
          delivery text NOT NULL DEFAULT '' CHECK (delivery IN ('', 'email', 'text', 'print')),
          delivered_at timestamptz,
          blob_id uuid,
          pages integer NOT NULL DEFAULT 0,
          replaces uuid,
          void_reason text NOT NULL DEFAULT '',
          viewed_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, number),
          UNIQUE (tenant_id, run_id, guarantor_id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, run_id) REFERENCES statement_run,
          FOREIGN KEY (tenant_id, blob_id) REFERENCES blob,
          FOREIGN KEY (tenant_id, replaces) REFERENCES statement
        )""",
        "CREATE INDEX statement_guarantor_idx ON statement (tenant_id, guarantor_id, id DESC)",
        "CREATE INDEX statement_open_idx ON statement (tenant_id, state, id)"
        " WHERE state IN ('draft', 'issued', 'viewed', 'part_paid')",
        # What the guarantor was told of each charge; in cents.
        """
        CREATE TABLE statement_line (
          tenant_id uuid NOT NULL,
          statement_id uuid NOT NULL,
          n integer NOT NULL,
          patient_id uuid NOT NULL,
          claim_id uuid,
          charge_id uuid,
          service_on date NOT NULL,
          charge_cents bigint NOT NULL,
          contract_cents bigint NOT NULL,
          plan_paid_cents bigint NOT NULL,
          write_off_cents bigint NOT NULL,
          patient_paid_cents bigint NOT NULL,
          owed_cents bigint NOT NULL CHECK (owed_cents > 0),
          PRIMARY KEY (tenant_id, statement_id, n),
          FOREIGN KEY (tenant_id, statement_id) REFERENCES statement,
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, charge_id) REFERENCES charge
        )""",
        "CREATE INDEX statement_line_claim_idx ON statement_line (tenant_id, claim_id)",
    )
    practice_table(
        "statement",
        updates=[
            *("state", "delivery", "delivered_at", "blob_id", "pages", "void_reason"),
            *("viewed_at", "version", "updated_at"),
        ],
    )
    practice_table("statement_line")


def _dunning() -> None:
    run(
        # One clock per guarantor who owes. `paused_on`: it stands still since; `paused_days`: it stood.
        f"""
        CREATE TABLE dunning_clock (
          tenant_id uuid NOT NULL REFERENCES practice,
          guarantor_id uuid NOT NULL,
          started_on date NOT NULL,
          stage text NOT NULL CHECK (stage IN {_STAGES}),
          stage_on date NOT NULL,
          paused_on date,
          paused_days integer NOT NULL DEFAULT 0 CHECK (paused_days >= 0),
          ended_on date,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, guarantor_id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient
        )""",
        "CREATE INDEX dunning_clock_running_idx ON dunning_clock (tenant_id, guarantor_id)"
        " WHERE ended_on IS NULL",
    )
    practice_table(
        "dunning_clock",
        updates=[
            *("started_on", "stage", "stage_on", "paused_on", "paused_days", "ended_on"),
            "updated_at",
        ],
    )


def _batches() -> None:
    run(
        # One PDF of many statements, in the order of its manifest, for whoever prints and mails.
        """
        CREATE TABLE print_batch (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          state text NOT NULL CHECK (state IN ('gathering', 'ready', 'mailed')),
          statements integer NOT NULL DEFAULT 0,
          pages integer NOT NULL DEFAULT 0,
          blob_id uuid,
          version integer NOT NULL DEFAULT 1,
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          mailed_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, blob_id) REFERENCES blob
        )""",
        """
        CREATE TABLE print_batch_item (
          tenant_id uuid NOT NULL,
          batch_id uuid NOT NULL,
          n integer NOT NULL,
          statement_id uuid NOT NULL,
          first_page integer NOT NULL DEFAULT 0,
          pages integer NOT NULL DEFAULT 0,
          PRIMARY KEY (tenant_id, batch_id, n),
          UNIQUE (tenant_id, statement_id),
          FOREIGN KEY (tenant_id, batch_id) REFERENCES print_batch,
          FOREIGN KEY (tenant_id, statement_id) REFERENCES statement
        )""",
    )
    practice_table(
        "print_batch", updates=["state", "statements", "pages", "blob_id", "version", "mailed_at"]
    )
    practice_table("print_batch_item", updates=["first_page", "pages"])
