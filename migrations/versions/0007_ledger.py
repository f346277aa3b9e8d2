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
          closed_through date CHECK (extract(day FROM closed_through + 1) = 1)
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
          FOREIGN KEY (tenant_id, reverses) REFERENCES ledger_entry,
          FOREIGN KEY (tenant_id, corrects) REFERENCES ledger_entry
        )""",
        """
        CREATE TABLE ledger_line (
          tenant_id uuid NOT NULL,
          entry_id uuid NOT NULL,
          n smallint NOT NULL,
          recorded_at timestamptz NOT NULL,
          effective_on date NOT NULL,
          account text NOT NULL CHECK (account IN ('gross_charges', 'payer_receivable',
            'patient_receivable', 'other_party_receivable', 'contractual_adjustment',
            'write_off_small_balance', 'write_off_timely_filing', 'write_off_no_authorization',
            'write_off_not_covered', 'write_off_charity', 'write_off_discount',
            'write_off_bankruptcy', 'write_off_deceased', 'write_off_other', 'bank', 'payer_cash',
            'patient_cash', 'processor_clearing', 'processor_fees', 'dispute_losses',
            'unapplied_payer_cash', 'unapplied_patient_cash', 'refunds_due_patient',
            'refunds_due_payer', 'provider_level_balance', 'interest_income', 'agency', 'bad_debt',
            'agency_fees', 'agency_fees_due')),
          amount_cents bigint NOT NULL CHECK (amount_cents <> 0
            AND amount_cents BETWEEN -1000000000000 AND 1000000000000),
          party_kind text NOT NULL CHECK (party_kind IN ('payer', 'patient', 'other', 'practice')),
          party_id uuid,
          patient_id uuid,
          claim_id uuid,
          charge_id uuid,
          group_code text,
          reason_code text,
          PRIMARY KEY (tenant_id, recorded_at, entry_id, n)
        ) PARTITION BY RANGE (recorded_at)""",
        "CREATE INDEX ledger_line_account_idx ON ledger_line (tenant_id, account, effective_on)"
        " INCLUDE (amount_cents)",
        "CREATE INDEX ledger_line_claim_idx ON ledger_line (tenant_id, claim_id)"
        " WHERE claim_id IS NOT NULL",
        "CREATE INDEX ledger_line_patient_idx ON ledger_line (tenant_id, patient_id)"
        " WHERE patient_id IS NOT NULL",
        # Both functions below look rows up by key, and their plans are kept: a plan made while a month's
        # partition was empty may use any index, and is quadratic once it is full. To ask for the order
        # of the key, and forbid sorting, leaves the primary key as the only way. Tables are named with
        # their schema: without it, a temporary table of the same name would be asked instead.
        #
        # What one statement adds to an entry sums to zero and is written by the entry's own transaction
        # on its own day: so every entry sums to zero whatever is written when. Decision 0007 says why
        # this is not a foreign key per line, and not only the trigger at commit.
        """
        CREATE FUNCTION check_lines() RETURNS trigger LANGUAGE plpgsql SET enable_sort = off AS $$
        DECLARE
          wrong record;
        BEGIN
          SELECT entry_id, lines, total, total = 0 AS balanced INTO wrong
            FROM (SELECT tenant_id, entry_id, recorded_at, effective_on,
                         sum(amount_cents) AS total, count(*) AS lines
                  FROM new_lines GROUP BY tenant_id, entry_id, recorded_at, effective_on) written
            WHERE total <> 0 OR pg_current_xact_id() IS DISTINCT FROM
              (SELECT xid FROM public.ledger_entry entry
               WHERE entry.tenant_id = written.tenant_id
                 AND entry.id BETWEEN written.entry_id AND written.entry_id
                 AND entry.recorded_at = written.recorded_at
                 AND entry.effective_on = written.effective_on
               ORDER BY entry.id)
            LIMIT 1;
          IF FOUND AND wrong.balanced THEN
            RAISE EXCEPTION 'lines of ledger entry % are not of its transaction and day', wrong.entry_id
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'ledger_line_of_its_entry';
          ELSIF FOUND THEN
            RAISE EXCEPTION '% lines of ledger entry % sum to % cents',
              wrong.lines, wrong.entry_id, wrong.total
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_sums_to_zero';
          END IF;
          RETURN NULL;
        END $$""",
        "CREATE TRIGGER ledger_line_sums_to_zero AFTER INSERT ON ledger_line"
        " REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION check_lines()",
        # At commit, per entry: it has lines, and they sum to zero. One plan for the session, because a
        # plan made per entry looks at every partition, which costs five times what the check does.
        """
        CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql
          SET enable_sort = off
          SET plan_cache_mode = force_generic_plan AS $$
        DECLARE
          total numeric;
          lines int;
        BEGIN
          SELECT coalesce(sum(amount_cents), 0), count(*) INTO total, lines FROM
            (SELECT amount_cents FROM public.ledger_line
             WHERE tenant_id = NEW.tenant_id AND recorded_at = NEW.recorded_at AND entry_id = NEW.id
             ORDER BY n) its_lines;
          IF total <> 0 OR lines < 2 THEN
            RAISE EXCEPTION 'ledger entry % has % lines that sum to % cents', NEW.id, lines, total
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_sums_to_zero';
          END IF;
          RETURN NULL;
        END $$""",
        "CREATE CONSTRAINT TRIGGER ledger_entry_sums_to_zero AFTER INSERT ON ledger_entry"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_entry()",
        # The share lock makes a closing wait for what is being posted, and a posting for a closing.
        """
        CREATE FUNCTION check_months_open() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          late date;
        BEGIN
          PERFORM FROM public.ledger_book
            WHERE tenant_id IN (SELECT tenant_id FROM new_entries) FOR SHARE;
          SELECT effective_on INTO late FROM new_entries JOIN public.ledger_book USING (tenant_id)
            WHERE closed_through >= effective_on LIMIT 1;
          IF FOUND THEN
            RAISE EXCEPTION 'the month of % is closed', late
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_month_open';
          END IF;
          RETURN NULL;
        END $$""",
        "CREATE TRIGGER ledger_entry_month_open AFTER INSERT ON ledger_entry"
        " REFERENCING NEW TABLE AS new_entries FOR EACH STATEMENT"
        " EXECUTE FUNCTION check_months_open()",
        """
        CREATE FUNCTION check_book_forward() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF OLD.closed_through IS NOT NULL
             AND (NEW.closed_through IS NULL OR NEW.closed_through < OLD.closed_through) THEN
            RAISE EXCEPTION 'a closed month stays closed'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_book_forward';
          END IF;
          RETURN NEW;
        END $$""",
        "CREATE TRIGGER ledger_book_forward BEFORE UPDATE ON ledger_book"
        " FOR EACH ROW EXECUTE FUNCTION check_book_forward()",
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
