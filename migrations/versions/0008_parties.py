"""Payers, providers, patients and their coverages."""

from migrations.security import practice_table, run

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE payer (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          edi_payer_id text NOT NULL CHECK (edi_payer_id <> ''),
          name text NOT NULL,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, edi_payer_id)
        )""",
        """
        CREATE TABLE provider (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          npi text NOT NULL CHECK (npi ~ '^[0-9]{10}$'),
          name text NOT NULL,
          first_name text NOT NULL DEFAULT '',
          taxonomy text NOT NULL DEFAULT '',
          tax_id text NOT NULL DEFAULT '',
          address_line1 text NOT NULL DEFAULT '',
          address_line2 text NOT NULL DEFAULT '',
          city text NOT NULL DEFAULT '',
          state text NOT NULL DEFAULT '',
          postal_code text NOT NULL DEFAULT '',
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, npi)
        )""",
        # What is not sealed is at most a limited data set (45 CFR 164.514(e)).
        """
        CREATE TABLE patient (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          phi_demo bytea NOT NULL,
          name_ct bytea NOT NULL,
          key_ver integer NOT NULL,
          state text NOT NULL DEFAULT '',
          zip3 text NOT NULL DEFAULT '',
          birth_decade smallint,
          merged_into uuid,
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, merged_into) REFERENCES patient
        )""",
        """
        CREATE TABLE coverage (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          payer_id uuid NOT NULL,
          sequence text NOT NULL CHECK (sequence IN ('P', 'S', 'T')),
          relationship text NOT NULL,
          filing_indicator text NOT NULL DEFAULT '',
          qualified_medicare_beneficiary boolean NOT NULL DEFAULT false,
          starts_on date,
          ends_on date CHECK (ends_on >= starts_on),
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          created_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, payer_id) REFERENCES payer
        )""",
        "CREATE INDEX coverage_patient_idx ON coverage (tenant_id, patient_id)",
    )
    practice_table("payer", updates=["name"], reader=True)
    practice_table(
        "provider",
        updates=[
            "name", "first_name", "taxonomy", "tax_id",
            "address_line1", "address_line2", "city", "state", "postal_code",
        ],
        reader=True,
    )  # fmt: skip
    practice_table(
        "patient",
        updates=[
            "phi_demo", "name_ct", "key_ver", "state", "zip3", "birth_decade",
            "merged_into", "version", "updated_at",
        ],
    )  # fmt: skip
    practice_table(
        "coverage",
        updates=[
            "sequence", "relationship", "filing_indicator", "ends_on",
            "qualified_medicare_beneficiary", "phi_demo", "key_ver",
        ],
    )  # fmt: skip
