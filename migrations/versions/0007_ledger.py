"""The journal: entries that sum to zero, by the database's own word."""

from migrations.security import append_only, by_month, practice_table, run

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE ledger_book (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          closed_through date
        )""",
        """
        CREATE TABLE ledger_entry (
          tenant_id uuid NOT NULL REFERENCES ledger_book,
          id uuid NOT NULL,
          source text NOT NULL CHECK (source <> ''),
          kind text NOT NULL,
          effective_on date NOT NULL,
          recorded_at timestamptz NOT NULL,
          recorded_by_kind text NOT NULL,
          recorded_by uuid NOT NULL,
          reverses uuid,
          corrects uuid,
          xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, source),
          UNIQUE (tenant_id, reverses),
          UNIQUE (tenant_id, id, recorded_at, xid),
          FOREIGN KEY (tenant_id, reverses) REFERENCES ledger_entry,
          FOREIGN KEY (tenant_id, corrects) REFERENCES ledger_entry
        )""",
        # The foreign key carries the entry's transaction: a line can be written in no other one.
        """
        CREATE TABLE ledger_line (
          tenant_id uuid NOT NULL,
          entry_id uuid NOT NULL,
          n smallint NOT NULL,
          recorded_at timestamptz NOT NULL,
          effective_on date NOT NULL,
          account text NOT NULL,
          amount_cents bigint NOT NULL CHECK (amount_cents <> 0),
          party_kind text NOT NULL CHECK (party_kind IN ('payer', 'patient', 'other', 'practice')),
          party_id uuid,
          patient_id uuid,
          claim_id uuid,
          charge_id uuid,
          group_code text,
          reason_code text,
          xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
          PRIMARY KEY (tenant_id, recorded_at, entry_id, n),
          FOREIGN KEY (tenant_id, entry_id, recorded_at, xid)
            REFERENCES ledger_entry (tenant_id, id, recorded_at, xid)
        ) PARTITION BY RANGE (recorded_at)""",
        "CREATE INDEX ledger_line_account_idx ON ledger_line (tenant_id, account, effective_on)"
        " INCLUDE (amount_cents)",
        "CREATE INDEX ledger_line_claim_idx ON ledger_line (tenant_id, claim_id)"
        " WHERE claim_id IS NOT NULL",
        """
        CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          total bigint;
          lines int;
          other_day int;
        BEGIN
          SELECT coalesce(sum(amount_cents), 0), count(*),
                 count(*) FILTER (WHERE effective_on <> NEW.effective_on)
            INTO total, lines, other_day FROM ledger_line
            WHERE tenant_id = NEW.tenant_id AND entry_id = NEW.id AND recorded_at = NEW.recorded_at;
          IF total <> 0 OR lines < 2 OR other_day > 0 THEN
            RAISE EXCEPTION 'ledger entry % has % lines that sum to % cents', NEW.id, lines, total
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_sums_to_zero';
          END IF;
          RETURN NULL;
        END $$""",
        "CREATE CONSTRAINT TRIGGER ledger_entry_sums_to_zero AFTER INSERT ON ledger_entry"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry()",
        """
        CREATE FUNCTION check_month_open() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM ledger_book
                     WHERE tenant_id = NEW.tenant_id AND closed_through >= NEW.effective_on) THEN
            RAISE EXCEPTION 'the month of % is closed', NEW.effective_on
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_month_open';
          END IF;
          RETURN NEW;
        END $$""",
        "CREATE TRIGGER ledger_entry_month_open BEFORE INSERT ON ledger_entry"
        " FOR EACH ROW EXECUTE FUNCTION check_month_open()",
    )
    by_month("ledger_line")
    practice_table("ledger_book", updates=["closed_through"])
    practice_table("ledger_entry", app="SELECT")
    practice_table("ledger_line", app="SELECT")
    run(
        "GRANT INSERT (tenant_id, id, source, kind, effective_on, recorded_at, recorded_by_kind,"
        " recorded_by, reverses, corrects) ON ledger_entry TO billing_app",
        "GRANT INSERT (tenant_id, entry_id, n, recorded_at, effective_on, account, amount_cents,"
        " party_kind, party_id, patient_id, claim_id, charge_id, group_code, reason_code)"
        " ON ledger_line TO billing_app",
    )
    append_only("ledger_entry")
    append_only("ledger_line")
