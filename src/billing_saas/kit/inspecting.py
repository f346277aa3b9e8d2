"""What production refuses, asked of the database itself: pure questions over a connection per role.

The walls between practices are policies, and PostgreSQL lets superusers, roles with BYPASSRLS and
(unless the policy is forced) owners walk through them. A deployment whose roles drifted would work,
and show no sign of it: so every process asks before it serves.
"""

from typing import LiteralString

import psycopg

from billing_saas.kit.db import Urls
from billing_saas.kit.safety import Finding

OLDEST_SERVER = 16
_CONNECT_SECONDS = 5
Connection = psycopg.Connection[tuple[object, ...]]


def findings(urls: Urls) -> list[Finding]:
    """Every question to the database, one finding each. An address that does not answer is one."""
    found = []
    for role, url in _logins(urls).items():
        try:
            with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS, autocommit=True) as db:
                found += [encrypted(db, role), role_is_bound(db, role), role_owns_nothing(db, role)]
                if role == "billing_app":
                    found += [tables_are_walled(db), server_is_new_enough(db)]
                found.append(waits_are_bounded(db, role))
        except psycopg.OperationalError as error:
            found.append(_unreachable(role, error))
    return found


def migrator_findings(url: str) -> list[Finding]:
    """The migrator's own: it may own through `billing_owner`, and stands above no policy either."""
    role = "billing_migrator"
    try:
        with psycopg.connect(url, connect_timeout=_CONNECT_SECONDS, autocommit=True) as db:
            return [encrypted(db, role), role_is_bound(db, role), server_is_new_enough(db)]
    except psycopg.OperationalError as error:
        return [_unreachable(role, error)]


def _logins(urls: Urls) -> dict[str, str]:
    logins = {
        "billing_app": urls.app,
        "billing_company_reader": urls.company_reader,
        "billing_platform": urls.platform,
        "billing_sealer": urls.sealer,  # only who seals or verifies has it
    }
    return {role: url for role, url in logins.items() if url or role != "billing_sealer"}


def encrypted(db: Connection, role: str) -> Finding:
    """As the client sees it: what a proxy before the server does behind it is the operator's."""
    return Finding(
        f"{role} connects by TLS",
        () if db.pgconn.ssl_in_use else (f"{role}: the connection is not encrypted",),
        "Append ?sslmode=verify-full&sslrootcert=/path/to/ca.crt to its address.",
    )


def role_is_bound(db: Connection, role: str) -> Finding:
    """The address logs in as the role the policies name, and nothing lifts it above them."""
    row = db.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolreplication FROM pg_roles"
        " WHERE rolname = session_user"
    ).fetchone()
    if row is None:
        raise RuntimeError("a session without a role")
    login, is_superuser, bypasses, replicates = row
    faults = []
    if login != role:
        faults.append(f"{role}: its address logs in as another role")
    if is_superuser:
        faults.append(f"{role}: is superuser")
    if bypasses:
        faults.append(f"{role}: has BYPASSRLS")
    if replicates:
        faults.append(f"{role}: has REPLICATION, which copies every table past the policies")
    return Finding(
        f"{role} stands below every row policy",
        tuple(faults),
        f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOREPLICATION; and log in as {role}.",
    )


def role_owns_nothing(db: Connection, role: str) -> Finding:
    """Neither itself nor by membership: who owns a table may lift its policy and its triggers."""
    owned = _names(
        db,
        """
        SELECT CASE nspname WHEN 'public' THEN relname ELSE nspname || '.' || relname END
        FROM pg_class AS relation JOIN pg_namespace AS space ON space.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname !~ '^(pg_|information_schema)'
          AND pg_has_role(session_user, relowner, 'MEMBER')
        ORDER BY 1""",
    )
    above = _names(
        db,
        """
        SELECT rolname FROM pg_roles
        WHERE (rolsuper OR rolbypassrls OR rolname ~ '^pg_(read|write)_all_data$')
          AND rolname <> session_user AND pg_has_role(session_user, oid, 'MEMBER')
        ORDER BY 1""",
    )
    faults = [f"{role}: may become {name}" for name in above]
    if owned:
        faults.append(f"{role}: owns or may become the owner of {_some(owned)}")
    return Finding(
        f"{role} owns nothing",
        tuple(faults),
        f"Give the tables to billing_owner (ALTER TABLE ... OWNER TO) and REVOKE what {role} is in.",
    )


def tables_are_walled(db: Connection) -> Finding:
    """Every table with a tenant's rows has its policy enabled and forced, and one that names the tenant.

    A partition has no policy of its own: nobody is granted anything on it, and it shows nothing.
    """
    bare = _names(
        db,
        """
        SELECT relation.oid::regclass::text
        FROM pg_class AS relation
        JOIN pg_namespace AS space ON space.oid = relnamespace
        JOIN pg_attribute AS tenant ON attrelid = relation.oid AND attname = 'tenant_id'
        WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema)' AND NOT attisdropped
          AND NOT (relrowsecurity AND relforcerowsecurity)
        ORDER BY 1""",
    )
    # The application's policies and those for everyone: each must compare with the tenant's setting.
    open_ones = _names(
        db,
        """
        SELECT DISTINCT polrelid::regclass::text
        FROM pg_policy JOIN pg_attribute ON attrelid = polrelid AND attname = 'tenant_id'
        WHERE polpermissive AND (0 = ANY (polroles) OR to_regrole('billing_app') = ANY (polroles))
          AND (coalesce(pg_get_expr(polqual, polrelid), 'app_tenant') !~ 'app_tenant'
            OR coalesce(pg_get_expr(polwithcheck, polrelid), 'app_tenant') !~ 'app_tenant')
        ORDER BY 1""",
    )
    walled = db.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone()
    faults = [f"{table}: its row policy is not enabled and forced" for table in bare]
    faults += [f"{table}: a policy shows every practice's rows" for table in open_ones]
    if walled != (True,):
        faults.append("the schema is missing: run `billing-saas migrate` first")
    return Finding(
        "Every practice table is behind a forced row policy",
        tuple(faults),
        "ALTER TABLE ... ENABLE ROW LEVEL SECURITY; ALTER TABLE ... FORCE ROW LEVEL SECURITY; "
        "then find out who lifted it.",
    )


def server_is_new_enough(db: Connection) -> Finding:
    version = db.info.server_version // 10_000
    return Finding(
        f"The server is PostgreSQL {OLDEST_SERVER} or newer",
        () if version >= OLDEST_SERVER else (f"the server is PostgreSQL {version}",),
        "Upgrade the server.",
    )


def waits_are_bounded(db: Connection, role: str) -> Finding:
    """A request that waits for ever holds a connection for ever."""
    unbounded = _names(
        db,
        "SELECT name FROM pg_settings WHERE setting = '0' AND name IN"
        " ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout') ORDER BY 1",
    )
    return Finding(
        f"{role} waits for nothing for ever",
        tuple(f"{role}: {name} is off" for name in unbounded),
        f"ALTER ROLE {role} SET lock_timeout = '10s' (statement_timeout 120s, "
        "idle_in_transaction_session_timeout 60s).",
    )


def _names(db: Connection, query: LiteralString) -> list[str]:
    return [str(row[0]) for row in db.execute(query)]


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _unreachable(role: str, error: Exception) -> Finding:
    # libpq's first line names host, port and role, never the password.
    reason = str(error).strip().partition("\n")[0][:200]
    return Finding(
        f"{role} can log in",
        (f"{role}: cannot connect ({reason})",),
        "Mend the address, the password or the network policy.",
    )
