"""Files may lie in an object store; documents say what a file is and whom it concerns."""

from migrations.security import practice_table, run

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        "ALTER TABLE blob ADD COLUMN stored_in text NOT NULL DEFAULT 'database'"
        " CHECK (stored_in IN ('database', 'objects'))",
        # The title can name an illness, so it is sealed; the kind is a word of ours.
        """
        CREATE TABLE document (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid,
          kind text NOT NULL,
          state text NOT NULL CHECK (state IN ('awaited', 'kept', 'withdrawn')),
          phi_clin bytea NOT NULL,
          key_ver integer NOT NULL,
          blob_id uuid,
          media_type text NOT NULL DEFAULT '',
          bytes bigint NOT NULL DEFAULT 0,
          pages integer NOT NULL DEFAULT 0,
          version integer NOT NULL DEFAULT 1,
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, blob_id) REFERENCES blob,
          CHECK (state <> 'kept' OR blob_id IS NOT NULL)
        )""",
        "CREATE INDEX document_patient_idx ON document (tenant_id, patient_id, id DESC)",
        "CREATE INDEX document_blob_idx ON document (tenant_id, blob_id)",
    )
    practice_table(
        "document",
        updates=[
            *("state", "phi_clin", "key_ver", "blob_id", "media_type", "bytes", "pages"),
            *("version", "updated_at", "patient_id", "kind"),
        ],
    )
