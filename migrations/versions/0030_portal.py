"""What patients ask of the office: their records, corrections, amendments, an accounting."""

from migrations.security import practice_table, run

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # Everything that was written, by the patient and by the office, is in `phi_clin`.
        """
        CREATE TABLE patient_request (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          kind text NOT NULL CHECK (kind IN ('records', 'amendment', 'accounting', 'correction')),
          about text NOT NULL CHECK (about IN ('record', 'coverage', 'contact', 'demographics')),
          form text NOT NULL DEFAULT '' CHECK (form IN ('', 'portal', 'paper')),
          since date,
          until date,
          state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'fulfilled', 'accepted',
            'declined', 'withdrawn')),
          phi_clin bytea NOT NULL,
          key_ver integer NOT NULL,
          asked_by uuid NOT NULL,
          asked_on date NOT NULL,
          due_on date NOT NULL,
          extended_at timestamptz,
          answered_by uuid,
          answered_at timestamptz,
          disagreed_at timestamptz,
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          CHECK (due_on >= asked_on),
          CHECK ((state IN ('fulfilled', 'accepted', 'declined')) = (answered_at IS NOT NULL))
        )""",
        "CREATE INDEX patient_request_patient_idx ON patient_request (tenant_id, patient_id, id DESC)",
        "CREATE INDEX patient_request_open_idx ON patient_request (tenant_id, due_on, id)"
        " WHERE state = 'open'",
        """
        CREATE TABLE patient_request_document (
          tenant_id uuid NOT NULL REFERENCES practice,
          patient_request_id uuid NOT NULL,
          document_id uuid NOT NULL,
          attached_by uuid NOT NULL,
          attached_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, patient_request_id, document_id),
          FOREIGN KEY (tenant_id, patient_request_id) REFERENCES patient_request,
          FOREIGN KEY (tenant_id, document_id) REFERENCES document
        )""",
        "CREATE INDEX patient_request_document_idx"
        " ON patient_request_document (tenant_id, document_id)",
    )
    practice_table(
        "patient_request",
        updates=[
            *("state", "phi_clin", "key_ver", "due_on", "extended_at", "answered_by"),
            *("answered_at", "disagreed_at", "version"),
        ],
    )
    practice_table("patient_request_document")
