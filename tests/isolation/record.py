"""What decision 0003 says of roles, policies, grants and triggers, and what the catalogue says.

The record is compared word by word, so it is never false. After a migration that changes it, look at
the difference, then let the test write the tables: WRITE_RECORDS=1 pytest tests/test_isolation.py
"""

from dataclasses import dataclass
from pathlib import Path

from tests.isolation.catalogue import Connection

RECORDS = Path(__file__).parents[2] / "docs" / "decisions"
ROLES_AND_POLICIES = RECORDS / "0003-roles-and-policies.md"


@dataclass(frozen=True)
class Listing:
    """One table of the record: its heading in the file, and the query whose rows it lists."""

    heading: str
    columns: tuple[str, ...]
    query: str


_OURS = "n.nspname !~ '^(pg_|information_schema$)'"
_WHO = "CASE WHEN g.grantee = 0 THEN 'everyone' ELSE g.grantee::regrole::text END"

LISTINGS = (
    Listing(
        "Roles",
        ("Role", "Logs in", "Is also", "Settings"),
        """
        SELECT rolname, CASE WHEN rolcanlogin THEN 'yes' ELSE 'no' END,
          coalesce((SELECT string_agg(m.roleid::regrole::text, ', ' ORDER BY 1) FROM pg_auth_members m
                    WHERE m.member = r.oid AND (m.set_option OR m.inherit_option)), ''),
          coalesce((SELECT string_agg(setting, ', ' ORDER BY setting)
                    FROM unnest(rolconfig) AS setting), '')
        FROM pg_roles r WHERE rolname LIKE 'billing\\_%' ORDER BY 1""",
    ),
    Listing(
        "Policies",
        ("Policy", "Command", "Roles", "USING", "WITH CHECK"),
        """
        SELECT DISTINCT policyname, cmd || CASE permissive WHEN 'PERMISSIVE' THEN ''
                                                           ELSE ' (restrictive)' END,
          array_to_string(roles, ', '), regexp_replace(coalesce(qual, ''), '\\s+', ' ', 'g'),
          coalesce(with_check, '')
        FROM pg_policies ORDER BY 1, 3, 4""",
    ),
    Listing(
        "Tables",
        ("Table", "Role", "Policies", "May"),
        f"""
        WITH tables AS (
          SELECT c.oid, c.relacl, c.relowner, c.oid::regclass::text AS name
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND {_OURS}
        ), granted AS (
          SELECT oid, {_WHO} AS role, privilege_type, NULL AS columns, 0 AS part
          FROM tables CROSS JOIN LATERAL aclexplode(relacl) g WHERE g.grantee <> relowner
          UNION ALL
          SELECT t.oid, {_WHO}, privilege_type,
                 string_agg(a.attname, ', ' ORDER BY a.attnum), 1
          FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid
          CROSS JOIN LATERAL aclexplode(a.attacl) g WHERE g.grantee <> t.relowner
          GROUP BY 1, 2, 3
        ), policed AS (
          SELECT p.polrelid AS oid, role::regrole::text AS role, string_agg(p.polname, ', ' ORDER BY p.polname)
                 AS policies
          FROM pg_policy p CROSS JOIN LATERAL unnest(p.polroles) AS role GROUP BY 1, 2
        ), roles AS (SELECT oid, role FROM granted UNION SELECT oid, role FROM policed)
        SELECT t.name, coalesce(r.role, 'nobody'), coalesce(p.policies, ''),
          coalesce((SELECT string_agg(privilege_type || coalesce(' (' || columns || ')', ''), ', '
                                      ORDER BY array_position(ARRAY['SELECT', 'INSERT', 'UPDATE',
                                        'DELETE'], privilege_type), part)
                    FROM granted g WHERE g.oid = t.oid AND g.role = r.role), '')
        FROM tables t LEFT JOIN roles r USING (oid)
        LEFT JOIN policed p ON p.oid = t.oid AND p.role = r.role ORDER BY 1, 2""",
    ),
    Listing(
        "Triggers",
        ("Table", "Trigger", "When", "Does"),
        f"""
        SELECT c.oid::regclass::text, g.tgname,
          CASE WHEN g.tgtype & 2 = 2 THEN 'before' ELSE 'after' END
          || concat_ws(' or', CASE WHEN g.tgtype & 4 = 4 THEN ' insert' END,
                              CASE WHEN g.tgtype & 8 = 8 THEN ' delete' END,
                              CASE WHEN g.tgtype & 16 = 16 THEN ' update' END,
                              CASE WHEN g.tgtype & 32 = 32 THEN ' truncate' END)
          || CASE WHEN g.tgtype & 1 = 1 THEN ', each row' ELSE ', each statement' END
          || CASE WHEN g.tgdeferrable THEN ', at commit' ELSE '' END,
          p.proname
        FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = g.tgfoid
        WHERE NOT g.tgisinternal AND NOT c.relispartition AND {_OURS} ORDER BY 1, 2""",
    ),
    Listing(
        "Functions",
        ("Function", "Who may call it"),
        f"""
        SELECT p.oid::regprocedure::text,
          coalesce((SELECT string_agg({_WHO}, ', ' ORDER BY {_WHO})
                    FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
                    WHERE g.grantee <> p.proowner), 'its owner')
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OURS} ORDER BY 1""",
    ),
    Listing(
        "Schemas",
        ("Schema", "Role", "May"),
        f"""
        SELECT n.nspname, {_WHO}, string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type DESC)
        FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g
        WHERE {_OURS} AND g.grantee <> n.nspowner GROUP BY 1, 2 ORDER BY 1, 2""",
    ),
)


def recorded(text: str, listing: Listing) -> list[str]:
    """The rows of the table under the listing's heading, without head and rule."""
    _, found, rest = text.partition(f"\n## {listing.heading}\n")
    if not found:
        return []
    section = rest.partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("|")][2:]


def actual(c: Connection, listing: Listing) -> list[str]:
    rows = c.execute(listing.query.encode()).fetchall()
    return ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|") or "-"


def differences(c: Connection, text: str) -> list[str]:
    """What the record says and the database does not, and the other way round, each with its line."""
    found = []
    for listing in LISTINGS:
        written, real = recorded(text, listing), actual(c, listing)
        found += [f"{listing.heading}: not so: {line}" for line in written if line not in real]
        found += [f"{listing.heading}: not written: {line}" for line in real if line not in written]
        if not written:
            found.append(f"{listing.heading}: the record has no such table")
    return found


def rewritten(c: Connection, text: str) -> str:
    for listing in LISTINGS:
        head = ["| " + " | ".join(listing.columns) + " |", "|" + " --- |" * len(listing.columns)]
        table = "\n".join([*head, *actual(c, listing)])
        before, _, rest = text.partition(f"\n## {listing.heading}\n")
        section, more, after = rest.partition("\n## ")
        prose = [line for line in section.splitlines() if not line.startswith("|")]
        kept = "\n".join(prose).strip()
        body = f"\n{kept}\n\n{table}\n" if kept else f"\n{table}\n"
        text = f"{before}\n## {listing.heading}\n{body}{more}{after}"
    return text
