"""Billing companies, practices, agreements; people, memberships and tokens."""

from migrations.security import APP, platform_table, practice_table, run

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE company (
          id uuid PRIMARY KEY,
          name text NOT NULL CHECK (name <> ''),
          status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'left')),
          created_at timestamptz NOT NULL
        )""",
        """
        CREATE TABLE practice (
          tenant_id uuid PRIMARY KEY,
          company_id uuid NOT NULL REFERENCES company,
          name text NOT NULL CHECK (name <> ''),
          npi text NOT NULL CHECK (npi ~ '^[0-9]{10}$'),
          tax_id text NOT NULL CHECK (tax_id ~ '^[0-9]{9}$'),
          time_zone text NOT NULL,
          status text NOT NULL DEFAULT 'active'
            CHECK (status IN ('onboarding', 'active', 'suspended', 'leaving', 'left')),
          created_at timestamptz NOT NULL,
          UNIQUE (company_id, npi, tax_id)
        )""",
        """
        CREATE TABLE agreement (
          id uuid PRIMARY KEY,
          company_id uuid NOT NULL REFERENCES company,
          tenant_id uuid NOT NULL REFERENCES practice,
          kind text NOT NULL CHECK (kind IN ('business_associate')),
          signed_on date NOT NULL,
          signed_by text NOT NULL CHECK (signed_by <> ''),
          ended_on date CHECK (ended_on >= signed_on),
          created_at timestamptz NOT NULL
        )""",
        "CREATE INDEX agreement_tenant_idx ON agreement (tenant_id, company_id)",
        """
        CREATE TABLE app_user (
          id uuid PRIMARY KEY,
          email text NOT NULL,
          display_name text NOT NULL,
          status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'removed')),
          created_at timestamptz NOT NULL
        )""",
        "CREATE UNIQUE INDEX app_user_email_key ON app_user (lower(email))",
        """
        CREATE TABLE membership (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          tenant_id uuid NOT NULL REFERENCES practice,
          role text NOT NULL CHECK (role IN ('biller', 'coder', 'front_desk', 'practice_admin',
            'provider', 'auditor', 'reviewer', 'supervisor')),
          granted_by uuid,
          granted_at timestamptz NOT NULL,
          ended_at timestamptz
        )""",
        "CREATE UNIQUE INDEX membership_current_key ON membership (user_id, tenant_id, role)"
        " WHERE ended_at IS NULL",
        """
        CREATE TABLE company_membership (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          company_id uuid NOT NULL REFERENCES company,
          role text NOT NULL CHECK (role IN ('company_admin', 'supervisor')),
          granted_by uuid,
          granted_at timestamptz NOT NULL,
          ended_at timestamptz
        )""",
        "CREATE UNIQUE INDEX company_membership_current_key"
        " ON company_membership (user_id, company_id, role) WHERE ended_at IS NULL",
        """
        CREATE TABLE api_token (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
          name text NOT NULL,
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          revoked_at timestamptz
        )""",
        "CREATE INDEX api_token_user_idx ON api_token (user_id)",
    )
    practice_table("practice", app="SELECT", reader=True, platform="SELECT, INSERT")
    practice_table("agreement", app="SELECT", platform="SELECT, INSERT")
    practice_table("membership", app="SELECT", platform="SELECT, INSERT")
    for table in ("company", "app_user", "company_membership", "api_token"):
        platform_table(table, "SELECT, INSERT")
    run(
        "GRANT UPDATE (name, status, time_zone) ON practice TO billing_platform",
        "GRANT UPDATE (ended_on) ON agreement TO billing_platform",
        "GRANT UPDATE (ended_at) ON membership, company_membership TO billing_platform",
        "GRANT UPDATE (name, status) ON company TO billing_platform",
        "GRANT UPDATE (email, display_name, status) ON app_user TO billing_platform",
        "GRANT UPDATE (revoked_at) ON api_token TO billing_platform",
        # Foreign keys of a practice's rows to `practice` are checked by the owner, past the policy.
        f"REVOKE ALL ON company, app_user, company_membership, api_token FROM {APP}",
    )
