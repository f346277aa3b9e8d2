"""Two sides of a membership, invitations, and a company's people behind policies of their own."""

from migrations.security import PLATFORM, READER, practice_table, run

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_IN_PRACTICE = "(app_tenant() IS NULL OR tenant_id = app_tenant())"
_IN_COMPANY = "(app_company() IS NULL OR company_id = app_company())"


def upgrade() -> None:
    run(
        # As `app_tenant()`, for the company that a transaction is of.
        """
        CREATE FUNCTION app_company() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
          RETURN nullif(current_setting('app.company_id', true), '')::uuid""",
        f"GRANT EXECUTE ON FUNCTION app_company() TO {READER}, {PLATFORM}",
        f"GRANT EXECUTE ON FUNCTION app_tenant() TO {PLATFORM}",
    )
    _memberships()
    _invitations()
    _company_policies()
    _narrowed()
    _lists()


def _memberships() -> None:
    run(
        "ALTER TABLE practice ADD UNIQUE (tenant_id, company_id)",
        # `side`: of the company's staff, whom a signed agreement lets in, or the practice's own people.
        "ALTER TABLE membership ADD COLUMN company_id uuid,"
        " ADD COLUMN side text NOT NULL DEFAULT 'company' CHECK (side IN ('company', 'practice')),"
        " ADD COLUMN suspended_at timestamptz",
        "ALTER TABLE company_membership ADD COLUMN suspended_at timestamptz",
        # The owner is under the policies as well, and sees no row to fill.
        "ALTER TABLE membership NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE practice NO FORCE ROW LEVEL SECURITY",
        "UPDATE membership SET company_id = practice.company_id FROM practice"
        " WHERE practice.tenant_id = membership.tenant_id",
        "ALTER TABLE membership ADD CONSTRAINT membership_company_id_check"
        " CHECK (company_id IS NOT NULL),"
        " ADD FOREIGN KEY (tenant_id, company_id) REFERENCES practice (tenant_id, company_id)",
        "ALTER TABLE membership FORCE ROW LEVEL SECURITY",
        "ALTER TABLE practice FORCE ROW LEVEL SECURITY",
        # Who is not told whose practice it is asks: the version that still serves does not know.
        """
        CREATE FUNCTION fill_company() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.company_id IS NULL THEN
            SELECT company_id INTO NEW.company_id FROM practice WHERE tenant_id = NEW.tenant_id;
          END IF;
          RETURN NEW;
        END $$""",
        "CREATE TRIGGER membership_of_company BEFORE INSERT ON membership"
        " FOR EACH ROW EXECUTE FUNCTION fill_company()",
        "CREATE INDEX membership_company_idx ON membership (company_id, user_id)"
        " WHERE ended_at IS NULL",
        "CREATE INDEX membership_practice_idx ON membership (tenant_id, user_id)"
        " WHERE ended_at IS NULL",
        "CREATE INDEX company_membership_company_idx ON company_membership (company_id, user_id)"
        " WHERE ended_at IS NULL",
        f"GRANT UPDATE (suspended_at) ON membership, company_membership TO {PLATFORM}",
    )


def _invitations() -> None:
    run(
        # `tenant_id`: of the practice whose people invite; without one, a company's own people.
        """
        CREATE TABLE invitation (
          id uuid PRIMARY KEY,
          company_id uuid NOT NULL REFERENCES company,
          tenant_id uuid,
          side text NOT NULL CHECK (side IN ('company', 'practice')),
          email text NOT NULL CHECK (email <> ''),
          gives jsonb NOT NULL,
          token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
          invited_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          accepted_at timestamptz,
          accepted_by uuid REFERENCES app_user,
          withdrawn_at timestamptz,
          FOREIGN KEY (tenant_id, company_id) REFERENCES practice (tenant_id, company_id)
        )""",
        "CREATE INDEX invitation_company_idx ON invitation (company_id, id)",
        "CREATE INDEX invitation_practice_idx ON invitation (tenant_id, id)",
    )
    practice_table("invitation", app="SELECT", platform="SELECT, INSERT")
    run(f"GRANT UPDATE (accepted_at, accepted_by, withdrawn_at) ON invitation TO {PLATFORM}")


def _company_policies() -> None:
    """What the session of one company sees: its own, and of a practice not the practice's people."""
    seen = {
        "company": "id = app_company()",
        "practice": "company_id = app_company()",
        "agreement": "company_id = app_company()",
        "company_membership": "company_id = app_company()",
        "membership": "company_id = app_company() AND side = 'company'",
        "invitation": "company_id = app_company() AND tenant_id IS NULL",
        "app_user": "id IN (SELECT user_id FROM company_membership"
        " WHERE company_id = app_company())"
        " OR id IN (SELECT user_id FROM membership"
        " WHERE company_id = app_company() AND side = 'company')",
    }
    for table, condition in seen.items():
        run(f"CREATE POLICY own_company ON {table} FOR SELECT TO {READER} USING ({condition})")
    run(
        f"GRANT SELECT ON company, agreement, company_membership, membership TO {READER}",
        f"GRANT SELECT (id, email, display_name, status) ON app_user TO {READER}",
        "GRANT SELECT (id, company_id, tenant_id, side, email, gives, invited_by, created_at,"
        f" expires_at, accepted_at, accepted_by, withdrawn_at) ON invitation TO {READER}",
        # A practice lists its own people by their addresses, and by nobody's secrets.
        "GRANT SELECT (email, status) ON app_user TO billing_app",
    )


def _narrowed() -> None:
    """A session of the platform that says whose people it changes reaches no others."""
    both = f"{_IN_COMPANY} AND {_IN_PRACTICE}"
    for table, condition in {
        "agreement": both,
        "company_membership": _IN_COMPANY,
        "invitation": both,
        "membership": both,
        "practice": both,
    }.items():
        run(
            f"CREATE POLICY narrowed ON {table} AS RESTRICTIVE TO {PLATFORM}"
            f" USING ({condition}) WITH CHECK ({condition})"
        )


def _lists() -> None:
    """Lists over many practices: the setting is read once and hashed, not once per row."""
    for table in ("card", "payer", "practice", "provider"):
        run(f"ALTER POLICY company ON {table} USING (tenant_id IN (SELECT unnest(app_tenants())))")
    run(
        # The work list over practices: each practice's first card, and all in one order.
        "CREATE INDEX card_urgent_idx ON card"
        " (tenant_id, coalesce(due_on, date '9000-01-01'), id) WHERE state = 'open'",
        "CREATE INDEX card_newest_idx ON card (tenant_id, state, id)",
        "CREATE INDEX card_all_urgent_idx ON card"
        " (coalesce(due_on, date '9000-01-01'), id, tenant_id) WHERE state = 'open'",
        "CREATE INDEX card_all_newest_idx ON card (id, tenant_id) WHERE state = 'open'",
    )
