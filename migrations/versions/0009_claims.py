"""Encounters and their charges; claims, submissions, what happened to them, and what payers said."""

from migrations.security import append_only, practice_table, run

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE encounter (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          billing_provider_id uuid NOT NULL,
          rendering_provider_id uuid,
          arrival_id uuid,
          place_of_service text NOT NULL,
          service_from date NOT NULL,
          service_to date NOT NULL CHECK (service_to >= service_from),
          phi_clin bytea NOT NULL,
          key_ver integer NOT NULL,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, billing_provider_id) REFERENCES provider,
          FOREIGN KEY (tenant_id, rendering_provider_id) REFERENCES provider,
          FOREIGN KEY (tenant_id, arrival_id) REFERENCES arrival
        )""",
        "CREATE INDEX encounter_patient_idx ON encounter (tenant_id, patient_id)",
        """
        CREATE TABLE charge (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          encounter_id uuid NOT NULL,
          n smallint NOT NULL CHECK (n > 0),
          procedure_qualifier text NOT NULL,
          procedure_code text NOT NULL,
          modifiers text NOT NULL DEFAULT '',
          units text NOT NULL,
          unit_basis text NOT NULL,
          charge_cents bigint NOT NULL CHECK (charge_cents >= 0),
          pointers text NOT NULL,
          place_of_service text NOT NULL DEFAULT '',
          line_control_number text NOT NULL,
          service_from date NOT NULL,
          service_to date NOT NULL CHECK (service_to >= service_from),
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, encounter_id, n),
          FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter
        )""",
        """
        CREATE TABLE claim (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          encounter_id uuid NOT NULL,
          patient_id uuid NOT NULL,
          billing_provider_id uuid NOT NULL,
          work text NOT NULL CHECK (work IN ('draft', 'coding', 'coded', 'review', 'ready', 'held',
            'closed', 'not_billable')),
          receivable text NOT NULL CHECK (receivable IN ('primary', 'secondary', 'tertiary', 'patient',
            'settled', 'non_insurance')),
          next_action_owner text NOT NULL
            CHECK (next_action_owner IN ('biller', 'coder', 'practice', 'payer', 'patient', 'system')),
          charge_cents bigint NOT NULL CHECK (charge_cents >= 0),
          service_from date NOT NULL,
          service_to date NOT NULL,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, encounter_id),
          FOREIGN KEY (tenant_id, encounter_id) REFERENCES encounter,
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, billing_provider_id) REFERENCES provider
        )""",
        "CREATE INDEX claim_patient_idx ON claim (tenant_id, patient_id)",
        """
        CREATE TABLE claim_coverage (
          tenant_id uuid NOT NULL,
          claim_id uuid NOT NULL,
          sequence text NOT NULL CHECK (sequence IN ('P', 'S', 'T')),
          coverage_id uuid NOT NULL,
          payer_id uuid NOT NULL,
          PRIMARY KEY (tenant_id, claim_id, sequence),
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, coverage_id) REFERENCES coverage,
          FOREIGN KEY (tenant_id, payer_id) REFERENCES payer
        )""",
        # patient_control_number is CLM01: ours, random, and so not a patient's account number.
        """
        CREATE TABLE submission (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          claim_id uuid NOT NULL,
          payer_id uuid NOT NULL,
          sequence text NOT NULL CHECK (sequence IN ('P', 'S', 'T')),
          frequency text NOT NULL CHECK (frequency IN ('1', '7', '8')),
          patient_control_number text NOT NULL CHECK (patient_control_number ~ '^[A-Z0-9]{1,20}$'),
          delivery text NOT NULL CHECK (delivery IN ('queued', 'sent', 'received', 'accepted',
            'rejected', 'not_found', 'silent')),
          adjudication text NOT NULL DEFAULT 'none' CHECK (adjudication IN ('none', 'pending',
            'info_requested', 'paid', 'partial', 'denied', 'patient_responsibility', 'forwarded',
            'reversed')),
          charge_cents bigint NOT NULL,
          replaces uuid,
          phi_demo bytea,
          key_ver integer,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, patient_control_number),
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, payer_id) REFERENCES payer,
          FOREIGN KEY (tenant_id, replaces) REFERENCES submission
        )""",
        "CREATE INDEX submission_claim_idx ON submission (tenant_id, claim_id)",
        """
        CREATE TABLE claim_event (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          claim_id uuid NOT NULL,
          submission_id uuid,
          at timestamptz NOT NULL,
          actor_kind text NOT NULL,
          actor_id uuid NOT NULL,
          field text NOT NULL CHECK (field IN ('work', 'receivable', 'delivery', 'adjudication')),
          from_state text NOT NULL,
          to_state text NOT NULL,
          why text NOT NULL,
          source_type text NOT NULL,
          source_id uuid,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, submission_id) REFERENCES submission
        )""",
        "CREATE INDEX claim_event_claim_idx ON claim_event (tenant_id, claim_id, id)",
        # What each payer said of each line: secondaries and "why do I owe this" are made of it.
        """
        CREATE TABLE line_adjudication (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          claim_id uuid NOT NULL,
          charge_id uuid NOT NULL,
          payer_id uuid NOT NULL,
          sequence text NOT NULL CHECK (sequence IN ('P', 'S', 'T')),
          claim_payment_id uuid NOT NULL,
          adjudicated_on date NOT NULL,
          charge_cents bigint NOT NULL,
          allowed_cents bigint,
          paid_cents bigint NOT NULL,
          patient_responsibility_cents bigint NOT NULL,
          denied boolean NOT NULL,
          adjustments jsonb NOT NULL,
          remarks text NOT NULL DEFAULT '',
          reversed_by uuid,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, charge_id) REFERENCES charge,
          FOREIGN KEY (tenant_id, payer_id) REFERENCES payer
        )""",
        "CREATE INDEX line_adjudication_claim_idx ON line_adjudication (tenant_id, claim_id)",
        "CREATE INDEX line_adjudication_payment_idx"
        " ON line_adjudication (tenant_id, claim_payment_id)",
    )
    practice_table("encounter")
    practice_table("charge")
    practice_table(
        "claim",
        updates=["work", "receivable", "next_action_owner", "version", "phi_demo", "key_ver"],
    )
    practice_table("claim_coverage")
    practice_table("submission", updates=["delivery", "adjudication", "phi_demo", "key_ver"])
    practice_table("claim_event")
    append_only("claim_event")
    practice_table("line_adjudication", updates=["reversed_by"])
