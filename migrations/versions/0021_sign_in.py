"""Passwords, second factors and sessions of people; the platform's vault; letters to people."""

from migrations.security import PLATFORM, platform_table, run

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
