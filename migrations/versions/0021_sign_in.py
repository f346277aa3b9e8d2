"""Passwords, second factors and sessions of people; the platform's vault; letters to people."""

from migrations.security import PLATFORM, READER, platform_table, practice_table, run

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _vault()
    _credentials()
    _factors()
    _sessions()
    _letters()
    _identity_providers()
    _landing()


def _vault() -> None:
    run(
        # Under it lie secrets of the platform: what second factors are made of, links in letters.
        """
        CREATE TABLE vault_key (
          version smallint PRIMARY KEY,
          wrapped bytea NOT NULL,
          created_at timestamptz NOT NULL
        )""",
    )
    platform_table("vault_key", "SELECT, INSERT")


def _credentials() -> None:
    run(
        # The parameters stand beside each hash: a hash is made anew when they change.
        """
        CREATE TABLE local_credential (
          user_id uuid PRIMARY KEY REFERENCES app_user,
          password_hash bytea NOT NULL CHECK (length(password_hash) = 32),
          salt bytea NOT NULL CHECK (length(salt) = 16),
          memory_kib integer NOT NULL,
          iterations smallint NOT NULL,
          lanes smallint NOT NULL,
          changed_at timestamptz NOT NULL
        )""",
        """
        CREATE TABLE password_link (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          token_hash bytea NOT NULL UNIQUE CHECK (length(token_hash) = 32),
          created_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          used_at timestamptz
        )""",
        "CREATE INDEX password_link_user_idx ON password_link (user_id)",
        # Written for any address, known or not, so that asking takes the same for both.
        """
        CREATE TABLE password_ask (
          id uuid PRIMARY KEY,
          email text NOT NULL,
          asked_at timestamptz NOT NULL
        )""",
    )
    platform_table("local_credential", "SELECT, INSERT, UPDATE, DELETE")
    platform_table("password_link", "SELECT, INSERT")
    platform_table("password_ask", "SELECT, INSERT, DELETE")
    run(f"GRANT UPDATE (used_at) ON password_link TO {PLATFORM}")


def _factors() -> None:
    run(
        # `last_step` is the 30-second step of the last code that was taken: none before it is.
        """
        CREATE TABLE totp_factor (
          user_id uuid PRIMARY KEY REFERENCES app_user,
          secret bytea NOT NULL,
          last_step bigint NOT NULL DEFAULT 0,
          created_at timestamptz NOT NULL,
          confirmed_at timestamptz
        )""",
        """
        CREATE TABLE passkey (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          credential_id bytea NOT NULL UNIQUE,
          public_key bytea NOT NULL,
          sign_count bigint NOT NULL,
          name text NOT NULL CHECK (name <> ''),
          created_at timestamptz NOT NULL,
          used_at timestamptz
        )""",
        "CREATE INDEX passkey_user_idx ON passkey (user_id)",
        # One try: taken away when it is answered, right or wrong.
        """
        CREATE TABLE passkey_challenge (
          id uuid PRIMARY KEY,
          browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
          challenge bytea NOT NULL CHECK (length(challenge) = 32),
          user_id uuid REFERENCES app_user,
          expires_at timestamptz NOT NULL
        )""",
        "CREATE INDEX passkey_challenge_expires_idx ON passkey_challenge (expires_at)",
        """
        CREATE TABLE recovery_code (
          user_id uuid NOT NULL REFERENCES app_user,
          code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
          created_at timestamptz NOT NULL,
          used_at timestamptz,
          PRIMARY KEY (user_id, code_hash)
        )""",
        # Two persons give a person who lost every factor a way back: one asks, another confirms.
        """
        CREATE TABLE factor_reset (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          asked_by uuid NOT NULL REFERENCES app_user CHECK (asked_by <> user_id),
          asked_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL,
          confirmed_by uuid REFERENCES app_user
            CHECK (confirmed_by <> asked_by AND confirmed_by <> user_id),
          confirmed_at timestamptz CHECK ((confirmed_at IS NULL) = (confirmed_by IS NULL))
        )""",
        "CREATE INDEX factor_reset_user_idx ON factor_reset (user_id)",
    )
    platform_table("totp_factor", "SELECT, INSERT, UPDATE, DELETE")
    platform_table("passkey", "SELECT, INSERT, DELETE")
    platform_table("passkey_challenge", "SELECT, INSERT, DELETE")
    platform_table("recovery_code", "SELECT, INSERT, DELETE")
    platform_table("factor_reset", "SELECT, INSERT")
    run(
        f"GRANT UPDATE (sign_count, used_at) ON passkey TO {PLATFORM}",
        f"GRANT UPDATE (used_at) ON recovery_code TO {PLATFORM}",
        f"GRANT UPDATE (confirmed_by, confirmed_at) ON factor_reset TO {PLATFORM}",
    )


def _sessions() -> None:
    run(
        """
        CREATE TABLE user_session (
          id uuid PRIMARY KEY,
          user_id uuid NOT NULL REFERENCES app_user,
          secret_hash bytea NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
          methods text NOT NULL,
          created_at timestamptz NOT NULL,
          seen_at timestamptz NOT NULL,
          stepped_up_at timestamptz,
          wrong_codes smallint NOT NULL DEFAULT 0,
          ip_prefix text NOT NULL,
          user_agent_hint text NOT NULL,
          ended_at timestamptz,
          end_reason text NOT NULL DEFAULT ''
        )""",
        "CREATE INDEX user_session_open_idx ON user_session (user_id) WHERE ended_at IS NULL",
        """
        CREATE TABLE sign_in_policy (
          company_id uuid PRIMARY KEY REFERENCES company,
          idle_minutes smallint NOT NULL CHECK (idle_minutes BETWEEN 1 AND 60),
          absolute_minutes smallint NOT NULL CHECK (absolute_minutes BETWEEN 5 AND 1440),
          changed_by uuid,
          changed_at timestamptz NOT NULL
        )""",
    )
    platform_table("user_session", "SELECT, INSERT, DELETE")
    platform_table("sign_in_policy", "SELECT, INSERT, UPDATE")
    run(
        "GRANT UPDATE (secret_hash, methods, seen_at, stepped_up_at, wrong_codes, ended_at,"
        f" end_reason) ON user_session TO {PLATFORM}",
    )


def _letters() -> None:
    run(
        # What a letter says may open an account: it is sealed, and gone once the letter has left.
        """
        CREATE TABLE letter (
          id uuid PRIMARY KEY,
          template text NOT NULL,
          to_address text NOT NULL,
          words bytea,
          created_at timestamptz NOT NULL,
          sent_at timestamptz
        )""",
    )
    platform_table("letter", "SELECT, INSERT, DELETE")
    run(f"GRANT UPDATE (words, sent_at) ON letter TO {PLATFORM}")


def _identity_providers() -> None:
    run(
        # `practice_id`: of a practice, for its own people; without one, of a company for its own. Rows
        # of the platform: a practice's sessions see none.
        """
        CREATE TABLE identity_provider (
          id uuid PRIMARY KEY,
          company_id uuid NOT NULL REFERENCES company,
          practice_id uuid,
          name text NOT NULL CHECK (name <> ''),
          issuer text NOT NULL CHECK (issuer <> ''),
          client_id text NOT NULL CHECK (client_id <> ''),
          client_secret bytea NOT NULL,
          scopes text NOT NULL,
          second_factor_amr text NOT NULL,
          second_factor_acr text NOT NULL,
          vouches_for_domains boolean NOT NULL,
          active boolean NOT NULL,
          changed_by uuid NOT NULL,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          FOREIGN KEY (practice_id, company_id) REFERENCES practice (tenant_id, company_id)
        )""",
        "CREATE INDEX identity_provider_company_idx ON identity_provider (company_id, id)",
        # One domain leads to one provider: nobody else's sign-in page is shown to its people.
        """
        CREATE TABLE identity_provider_domain (
          domain text PRIMARY KEY CHECK (domain = lower(domain)),
          provider_id uuid NOT NULL REFERENCES identity_provider
        )""",
        "CREATE INDEX identity_provider_domain_provider_idx"
        " ON identity_provider_domain (provider_id)",
        # Whom a provider means by a subject. An address that it later gives to somebody else, or a
        # second subject of the same address, opens nothing.
        """
        CREATE TABLE identity_link (
          provider_id uuid NOT NULL REFERENCES identity_provider,
          subject text NOT NULL CHECK (subject <> ''),
          user_id uuid NOT NULL REFERENCES app_user,
          linked_at timestamptz NOT NULL,
          PRIMARY KEY (provider_id, subject),
          UNIQUE (provider_id, user_id)
        )""",
        "CREATE INDEX identity_link_user_idx ON identity_link (user_id)",
        # A way to a provider that was begun: taken away by the first answer to it, right or wrong.
        """
        CREATE TABLE oidc_attempt (
          state_hash bytea PRIMARY KEY CHECK (length(state_hash) = 32),
          browser_hash bytea NOT NULL CHECK (length(browser_hash) = 32),
          provider_id uuid NOT NULL REFERENCES identity_provider,
          begun_at timestamptz NOT NULL,
          expires_at timestamptz NOT NULL
        )""",
        "CREATE INDEX oidc_attempt_expires_idx ON oidc_attempt (expires_at)",
    )
    platform_table("identity_provider", "SELECT, INSERT")
    platform_table("identity_provider_domain", "SELECT, INSERT, DELETE")
    platform_table("identity_link", "SELECT, INSERT, DELETE")
    platform_table("oidc_attempt", "SELECT, INSERT, DELETE")
    ours = (
        "(app_company() IS NULL OR company_id = app_company())"
        " AND (app_tenant() IS NULL OR practice_id = app_tenant())"
    )
    run(
        "GRANT UPDATE (name, issuer, client_id, client_secret, scopes, second_factor_amr,"
        " second_factor_acr, vouches_for_domains, active, changed_by, updated_at)"
        f" ON identity_provider TO {PLATFORM}",
        # As those of 0020: a session that says whose providers it changes reaches no others.
        f"CREATE POLICY narrowed ON identity_provider AS RESTRICTIVE TO {PLATFORM}"
        f" USING ({ours}) WITH CHECK ({ours})",
    )


def _landing() -> None:
    """What a person sees of all their practices first: sums, and nothing of any patient."""
    run(
        """
        CREATE TABLE practice_receivable (
          tenant_id uuid PRIMARY KEY REFERENCES practice,
          counted_at timestamptz NOT NULL,
          days_0_cents bigint NOT NULL,
          days_31_cents bigint NOT NULL,
          days_61_cents bigint NOT NULL,
          days_91_cents bigint NOT NULL,
          days_121_cents bigint NOT NULL
        )""",
    )
    practice_table(
        "practice_receivable",
        updates=[
            "counted_at",
            *("days_0_cents", "days_31_cents", "days_61_cents", "days_91_cents", "days_121_cents"),
        ],
        reader=True,
    )
    run(
        "ALTER POLICY company ON practice_receivable"
        " USING (tenant_id IN (SELECT unnest(app_tenants())))",
        # Of a remittance only when it came and how much it was; who it was for is not among these.
        f"CREATE POLICY company ON remittance FOR SELECT TO {READER}"
        " USING (tenant_id IN (SELECT unnest(app_tenants())))",
        f"GRANT SELECT (tenant_id, id, payment_cents, state) ON remittance TO {READER}",
    )
