"""Keys over years: what each event wrote, cell by cell; rotations; a check on what a provider answers."""

from migrations.security import APP, PLATFORM, append_only, by_month, practice_table, run

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Sealed again under a newer key: the ciphertext and the number of its key, nothing else.
_SEALED_AGAIN = {
    "arrival": "phi_demo, key_ver",
    "encounter": "phi_clin, key_ver",
    "remittance": "phi_demo, key_ver",
    "claim_payment": "phi_demo, key_ver",
    "provider_adjustment": "phi_demo, key_ver",
    "blob": "sealed_key, key_ver",
}


def upgrade() -> None:
    run(
        # A cell's last row here is what must stand in the cell: an older ciphertext put back is found.
        """
        CREATE TABLE audit_content (
          tenant_id uuid NOT NULL,
          row_id uuid NOT NULL,
          table_number smallint NOT NULL,
          column_number smallint NOT NULL,
          at timestamptz NOT NULL,
          event_id uuid NOT NULL,
          hash bytea NOT NULL CHECK (length(hash) = 32),
          PRIMARY KEY (tenant_id, row_id, table_number, column_number, at, event_id)
        ) PARTITION BY RANGE (at)""",
    )
    by_month("audit_content")
    practice_table("audit_content")
    append_only("audit_content")
    run(
        # Nothing of a key, but another key has another one: a provider that answers wrongly is found.
        "ALTER TABLE tenant_key ADD COLUMN check_value bytea CHECK (length(check_value) = 16)",
        f"GRANT UPDATE (check_value) ON tenant_key TO {APP}",
        # The schedule asks whose keys are worn or a year old; it has no use for the keys.
        f"CREATE POLICY platform_counts ON tenant_key FOR SELECT TO {PLATFORM} USING (true)",
        f"GRANT SELECT (tenant_id, purpose, version, state, messages, created_at) ON tenant_key"
        f" TO {PLATFORM}",
        # `table_number` and `after_id` are where the walk is; a pass that leaves rows behind is
        # followed by another. A job names the step it is to take: of two, one finds it taken.
        """
        CREATE TABLE key_rotation (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          purpose text NOT NULL CHECK (purpose IN ('dek', 'dekr')),
          to_version integer NOT NULL,
          state text NOT NULL CHECK (state IN ('pending', 'resealing', 'settling', 'done')),
          table_number smallint NOT NULL DEFAULT 0,
          after_id uuid,
          pass integer NOT NULL DEFAULT 1,
          step bigint NOT NULL DEFAULT 1,
          resealed bigint NOT NULL DEFAULT 0,
          held bigint NOT NULL DEFAULT 0,
          started_at timestamptz NOT NULL,
          promoted_at timestamptz,
          finished_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, purpose, to_version) REFERENCES tenant_key
        )""",
        "CREATE UNIQUE INDEX key_rotation_open_key ON key_rotation (tenant_id, purpose)"
        " WHERE state <> 'done'",
    )
    practice_table(
        "key_rotation",
        updates=[
            *("state", "table_number", "after_id", "pass", "step", "resealed", "held"),
            *("promoted_at", "finished_at"),
        ],
    )
    run(
        *(
            f"GRANT UPDATE ({columns}) ON {table} TO {APP}"
            for table, columns in _SEALED_AGAIN.items()
        )
    )
