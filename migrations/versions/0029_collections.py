"""Hardship, what staff record of a patient's circumstances, placements with agencies."""

from migrations.security import append_only, practice_table, run

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _guidelines()
    _applications()
    _circumstances()
    _agencies()
    _placements()
    _agency_files()
    _agency_reports()


def _guidelines() -> None:
    run(
        # The poverty guidelines of a year, as the practice entered them, with where they stand.
        """
        CREATE TABLE poverty_guideline (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          region text NOT NULL CHECK (region IN ('contiguous', 'alaska', 'hawaii')),
          effective_on date NOT NULL,
          ends_on date NOT NULL,
          one_person_cents bigint NOT NULL CHECK (one_person_cents > 0),
          each_more_cents bigint NOT NULL CHECK (each_more_cents > 0),
          source text NOT NULL CHECK (source <> ''),
          entered_by uuid NOT NULL,
          entered_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, region, effective_on),
          CHECK (ends_on >= effective_on AND ends_on < effective_on + 430)
        )""",
        """
        CREATE TABLE hardship_policy (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          region text NOT NULL CHECK (region IN ('contiguous', 'alaska', 'hawaii')),
          evidence_days integer NOT NULL CHECK (evidence_days BETWEEN 7 AND 120),
          good_days integer NOT NULL CHECK (good_days BETWEEN 30 AND 366),
          version integer NOT NULL DEFAULT 1,
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL
        )""",
        # Up to so many percent of the guideline, so many percent are written off.
        """
        CREATE TABLE hardship_step (
          tenant_id uuid NOT NULL REFERENCES hardship_policy,
          up_to_percent integer NOT NULL CHECK (up_to_percent BETWEEN 1 AND 1000),
          percent_off smallint NOT NULL CHECK (percent_off BETWEEN 1 AND 100),
          PRIMARY KEY (tenant_id, up_to_percent)
        )""",
    )
    practice_table("poverty_guideline")
    append_only("poverty_guideline")
    practice_table("hardship_step", app="SELECT, INSERT, DELETE")
    practice_table(
        "hardship_policy",
        updates=["region", "evidence_days", "good_days", "version", "changed_by", "changed_at"],
    )


def _applications() -> None:
    run(
        # `phi_demo`: the household's answers. `percent` is what is written off of each open item.
        """
        CREATE TABLE hardship_application (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          state text NOT NULL CHECK (state IN ('applied', 'evidence_pending', 'approved', 'denied',
            'expired')),
          applied_by_kind text NOT NULL,
          applied_by uuid NOT NULL,
          applied_on date NOT NULL,
          evidence_due_on date,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          guideline_id uuid,
          percent smallint CHECK (percent BETWEEN 1 AND 100),
          reason text NOT NULL DEFAULT '',
          decided_by uuid,
          decided_on date,
          good_until date,
          written_off_on date,
          version integer NOT NULL DEFAULT 1,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, guideline_id) REFERENCES poverty_guideline,
          CHECK (state <> 'approved' OR (percent IS NOT NULL AND decided_by IS NOT NULL)),
          CHECK (state <> 'denied' OR (reason <> '' AND decided_by IS NOT NULL))
        )""",
        "CREATE UNIQUE INDEX hardship_application_open_idx ON hardship_application"
        " (tenant_id, guarantor_id) WHERE state IN ('applied', 'evidence_pending')",
        "CREATE INDEX hardship_application_guarantor_idx ON hardship_application"
        " (tenant_id, guarantor_id, id DESC)",
        "CREATE INDEX hardship_application_state_idx ON hardship_application"
        " (tenant_id, state, id DESC)",
        """
        CREATE TABLE hardship_event (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          application_id uuid NOT NULL,
          at timestamptz NOT NULL,
          actor_kind text NOT NULL,
          actor_id uuid NOT NULL,
          from_state text NOT NULL,
          to_state text NOT NULL,
          why text NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, application_id) REFERENCES hardship_application
        )""",
        "CREATE INDEX hardship_event_idx ON hardship_event (tenant_id, application_id, id)",
        """
        CREATE TABLE hardship_document (
          tenant_id uuid NOT NULL,
          application_id uuid NOT NULL,
          document_id uuid NOT NULL,
          attached_by uuid NOT NULL,
          attached_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, application_id, document_id),
          FOREIGN KEY (tenant_id, application_id) REFERENCES hardship_application,
          FOREIGN KEY (tenant_id, document_id) REFERENCES document
        )""",
        # An item is written down once by an application, however often it is asked.
        """
        CREATE TABLE hardship_write_off (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          application_id uuid NOT NULL,
          entry_id uuid NOT NULL,
          patient_id uuid NOT NULL,
          claim_id uuid,
          charge_id uuid,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          written_by uuid NOT NULL,
          written_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE NULLS NOT DISTINCT (tenant_id, application_id, patient_id, claim_id, charge_id),
          FOREIGN KEY (tenant_id, application_id) REFERENCES hardship_application,
          FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry,
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, charge_id) REFERENCES charge
        )""",
    )
    practice_table(
        "hardship_application",
        updates=[
            *("state", "evidence_due_on", "phi_demo", "key_ver", "guideline_id", "percent"),
            *("reason", "decided_by", "decided_on", "good_until", "written_off_on", "version"),
            "updated_at",
        ],
    )
    for table in ("hardship_event", "hardship_document", "hardship_write_off"):
        practice_table(table)
        append_only(table)


def _circumstances() -> None:
    run(
        # `phi_demo`: a docket number, an estate's address, what is disputed, in a person's own words.
        """
        CREATE TABLE circumstance (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          patient_id uuid NOT NULL,
          kind text NOT NULL CHECK (kind IN ('bankruptcy', 'deceased', 'dispute', 'returned_mail')),
          since_on date NOT NULL,
          phi_demo bytea NOT NULL,
          key_ver integer NOT NULL,
          recorded_by_kind text NOT NULL,
          recorded_by uuid NOT NULL,
          recorded_at timestamptz NOT NULL,
          ended_by uuid,
          ended_at timestamptz,
          outcome text NOT NULL DEFAULT '',
          version integer NOT NULL DEFAULT 1,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          CHECK ((ended_at IS NULL) = (outcome = ''))
        )""",
        "CREATE UNIQUE INDEX circumstance_open_idx ON circumstance (tenant_id, patient_id, kind)"
        " WHERE ended_at IS NULL",
    )
    practice_table(
        "circumstance",
        updates=["phi_demo", "key_ver", "ended_by", "ended_at", "outcome", "version"],
    )


def _agencies() -> None:
    run(
        # Nothing leaves for an agency without its signed business associate agreement on record.
        """
        CREATE TABLE collection_agency (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          name text NOT NULL CHECK (name <> ''),
          rate_bps integer NOT NULL CHECK (rate_bps BETWEEN 0 AND 10000),
          remits text NOT NULL CHECK (remits IN ('gross', 'net')),
          state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'ended')),
          baa_signed_on date,
          baa_signed_by text NOT NULL DEFAULT '',
          baa_ends_on date,
          baa_document_id uuid,
          version integer NOT NULL DEFAULT 1,
          created_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, baa_document_id) REFERENCES document,
          CHECK ((baa_signed_on IS NULL) = (baa_signed_by = ''))
        )""",
        # No row: nothing is ever proposed by the clock. The law's floor is the database's, too.
        """
        CREATE TABLE collection_policy (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          propose boolean NOT NULL,
          agency_id uuid,
          minimum_cents bigint NOT NULL CHECK (minimum_cents > 0),
          age_days integer NOT NULL CHECK (age_days BETWEEN 120 AND 1000),
          notice_days integer NOT NULL CHECK (notice_days BETWEEN 14 AND 365),
          version integer NOT NULL DEFAULT 1,
          changed_by uuid NOT NULL,
          changed_at timestamptz NOT NULL,
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency
        )""",
    )
    practice_table(
        "collection_agency",
        updates=[
            *("name", "rate_bps", "remits", "state", "baa_signed_on", "baa_signed_by"),
            *("baa_ends_on", "baa_document_id", "version", "updated_at"),
        ],
    )
    practice_table(
        "collection_policy",
        updates=[
            *("propose", "agency_id", "minimum_cents", "age_days", "notice_days", "version"),
            *("changed_by", "changed_at"),
        ],
    )


def _placements() -> None:
    run(
        # `reference` is random and all that an agency calls the account by.
        """
        CREATE TABLE placement (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          guarantor_id uuid NOT NULL,
          agency_id uuid NOT NULL,
          state text NOT NULL CHECK (state IN ('pre_placement', 'declined', 'lapsed', 'placed',
            'recalled', 'settled', 'bad_debt')),
          reference text NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          rate_bps integer NOT NULL CHECK (rate_bps BETWEEN 0 AND 10000),
          first_statement_on date NOT NULL,
          last_statement_on date NOT NULL,
          proposed_by_kind text NOT NULL,
          proposed_by uuid NOT NULL,
          proposed_at timestamptz NOT NULL,
          placed_by uuid,
          placed_on date,
          ended_on date,
          reason text NOT NULL DEFAULT '',
          version integer NOT NULL DEFAULT 1,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, reference),
          FOREIGN KEY (tenant_id, guarantor_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency,
          -- Whatever else happens, no account was placed but by a person.
          CHECK (state NOT IN ('placed', 'recalled', 'settled', 'bad_debt')
            OR (placed_by IS NOT NULL AND placed_on IS NOT NULL))
        )""",
        "CREATE UNIQUE INDEX placement_proposed_idx ON placement (tenant_id, guarantor_id)"
        " WHERE state = 'pre_placement'",
        "CREATE INDEX placement_state_idx ON placement (tenant_id, state, id DESC)",
        "CREATE INDEX placement_guarantor_idx ON placement (tenant_id, guarantor_id, id DESC)",
        # What of the account was proposed, and with approval placed: the ledger knows what is left.
        """
        CREATE TABLE placement_item (
          tenant_id uuid NOT NULL,
          placement_id uuid NOT NULL,
          n smallint NOT NULL,
          patient_id uuid NOT NULL,
          claim_id uuid,
          charge_id uuid,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          PRIMARY KEY (tenant_id, placement_id, n),
          FOREIGN KEY (tenant_id, placement_id) REFERENCES placement,
          FOREIGN KEY (tenant_id, patient_id) REFERENCES patient,
          FOREIGN KEY (tenant_id, claim_id) REFERENCES claim,
          FOREIGN KEY (tenant_id, charge_id) REFERENCES charge
        )""",
        "CREATE INDEX placement_item_patient_idx ON placement_item (tenant_id, patient_id)",
        """
        CREATE TABLE placement_event (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          placement_id uuid NOT NULL,
          at timestamptz NOT NULL,
          actor_kind text NOT NULL,
          actor_id uuid NOT NULL,
          from_state text NOT NULL,
          to_state text NOT NULL,
          why text NOT NULL,
          amount_cents bigint NOT NULL,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, placement_id) REFERENCES placement
        )""",
        "CREATE INDEX placement_event_idx ON placement_event (tenant_id, placement_id, id)",
    )
    practice_table(
        "placement",
        updates=[
            *("state", "amount_cents", "rate_bps", "placed_by", "placed_on", "ended_on"),
            *("reason", "version"),
        ],
    )
    practice_table("placement_item", app="SELECT, INSERT, DELETE")
    practice_table("placement_event")
    append_only("placement_event")


def _agency_files() -> None:
    run(
        # A file as an agency got it, sealed, and who opened it first.
        """
        CREATE TABLE agency_file (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          agency_id uuid NOT NULL,
          blob_id uuid NOT NULL,
          sha256 text NOT NULL,
          rows integer NOT NULL,
          amount_cents bigint NOT NULL,
          made_by uuid NOT NULL,
          made_at timestamptz NOT NULL,
          opened_by uuid,
          opened_at timestamptz,
          PRIMARY KEY (tenant_id, id),
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency,
          FOREIGN KEY (tenant_id, blob_id) REFERENCES blob
        )""",
        "CREATE INDEX agency_file_idx ON agency_file (tenant_id, agency_id, id DESC)",
        # What an agency must be told: in the next file made for it. `dropped`: it need not be any more.
        """
        CREATE TABLE agency_notice (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          agency_id uuid NOT NULL,
          placement_id uuid NOT NULL,
          kind text NOT NULL CHECK (kind IN ('place', 'recall', 'payment', 'adjust', 'close')),
          amount_cents bigint NOT NULL CHECK (amount_cents >= 0),
          happened_on date NOT NULL,
          reason text NOT NULL DEFAULT '',
          source text NOT NULL,
          dropped boolean NOT NULL DEFAULT false,
          file_id uuid,
          at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, source),
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency,
          FOREIGN KEY (tenant_id, placement_id) REFERENCES placement,
          FOREIGN KEY (tenant_id, file_id) REFERENCES agency_file,
          CHECK (NOT (dropped AND file_id IS NOT NULL))
        )""",
        "CREATE INDEX agency_notice_untold_idx ON agency_notice (tenant_id, agency_id, id)"
        " WHERE file_id IS NULL AND NOT dropped",
        "CREATE INDEX agency_notice_placement_idx ON agency_notice (tenant_id, placement_id, id)",
    )
    practice_table("agency_file", updates=["opened_by", "opened_at"])
    practice_table("agency_notice", updates=["dropped", "file_id"])


def _agency_reports() -> None:
    run(
        """
        CREATE TABLE agency_report (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          agency_id uuid NOT NULL,
          arrival_id uuid NOT NULL,
          remits text NOT NULL CHECK (remits IN ('gross', 'net')),
          state text NOT NULL CHECK (state IN ('posted', 'held')),
          rows integer NOT NULL,
          collected_cents bigint NOT NULL,
          direct_cents bigint NOT NULL,
          fee_cents bigint NOT NULL,
          remitted_cents bigint NOT NULL,
          taken_in_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, arrival_id),
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency,
          FOREIGN KEY (tenant_id, arrival_id) REFERENCES arrival
        )""",
        "CREATE INDEX agency_report_idx ON agency_report (tenant_id, agency_id, id DESC)",
        # `number` is what the agency calls the payment: told twice, it counts once.
        """
        CREATE TABLE agency_payment (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          report_id uuid NOT NULL,
          agency_id uuid NOT NULL,
          placement_id uuid NOT NULL,
          n integer NOT NULL,
          kind text NOT NULL CHECK (kind IN ('payment', 'direct', 'reversal')),
          number text NOT NULL,
          paid_on date NOT NULL,
          amount_cents bigint NOT NULL,
          fee_cents bigint NOT NULL,
          entry_id uuid,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, agency_id, kind, number),
          FOREIGN KEY (tenant_id, report_id) REFERENCES agency_report,
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency,
          FOREIGN KEY (tenant_id, placement_id) REFERENCES placement,
          FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry
        )""",
        "CREATE INDEX agency_payment_placement_idx ON agency_payment"
        " (tenant_id, placement_id, id DESC)",
        """
        CREATE TABLE agency_fee_payment (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          agency_id uuid NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents > 0),
          paid_on date NOT NULL,
          invoice text NOT NULL,
          entry_id uuid NOT NULL,
          paid_by uuid NOT NULL,
          paid_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, agency_id, invoice),
          FOREIGN KEY (tenant_id, agency_id) REFERENCES collection_agency,
          FOREIGN KEY (tenant_id, entry_id) REFERENCES ledger_entry
        )""",
    )
    practice_table("agency_report")
    practice_table("agency_payment")
    practice_table("agency_fee_payment")
    for table in ("agency_report", "agency_payment", "agency_fee_payment"):
        append_only(table)
