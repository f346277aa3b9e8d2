"""Questions to the catalogue of a migrated database. Each answers with its findings, by name; none is good.

A check asks what a table is, never what it is called, so that it holds for the tables of rooms that
do not exist yet. What is allowed to differ stands in a list here, with its reason.
"""

from collections.abc import Callable

import psycopg

Connection = psycopg.Connection[tuple[object, ...]]
Check = Callable[[Connection], list[str]]

OWNER = "billing_owner"
LOGIN_ROLES = ("billing_app", "billing_platform", "billing_company_reader", "billing_sealer")
TENANT_POLICY = "(tenant_id = app_tenant())"
TENANT_FUNCTION = (
    "RETURN (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid",
    "RETURN (NULLIF(current_setting('app.company_id'::text, true), ''::text))::uuid",
    "RETURN (string_to_array(NULLIF(current_setting('app.tenant_ids'::text, true), ''::text),"
    " ','::text))::uuid[]",
)

# Unique indexes of practice tables that do not begin with the practice. None of them can tell one
# practice of another: no practice chooses these values.
KEYS_WITHOUT_TENANT = {
    "agreement_pkey": "a UUIDv7 of ours; only the platform role writes here",
    "audit_event_pkey": "instant and UUIDv7; the trail also has logs that belong to no practice",
    "client_id_key": "a UUIDv7 of ours; a machine names itself by it, before there is a practice",
    "client_secret_secret_hash_key": "a hash of 256 random bits of ours",
    "client_token_token_hash_key": "a hash of 256 random bits of ours, by which its client is found",
    "invitation_pkey": "a UUIDv7 of ours; only the platform role writes here",
    "invitation_token_hash_key": "a hash of 256 random bits, by which whoever holds them is found",
    "job_pkey": "a UUIDv7 of ours; the relay and the broker know a job by it alone",
    "membership_pkey": "a UUIDv7 of ours; only the platform role writes here",
    "portal_link_secret_hash_key": "a hash of 60 random bits of ours at least, by which its practice is found",
    "portal_session_secret_hash_key": "a hash of 256 random bits of ours",
    "practice_company_id_npi_tax_id_key": "only the platform role writes here; it keeps a company"
    " from setting a practice up twice",
}

# jsonb of practice tables. Its operators are not leakproof, so it is carried and never asked by:
# `test_architecture` looks for such questions.
CARRIED_JSON = {
    "audit_event.detail": "allow-listed facts of an event",
    "client.public_keys": "public keys of a machine, as it gave them",
    "invitation.gives": "roles by practice, as they were offered",
    "job.arguments": "the ids of a job",
    "line_adjudication.adjustments": "adjustments of a line as the payer sent them",
}

_TABLES = """
  SELECT c.oid, c.oid::regclass::text AS name, c.relkind, c.relispartition, c.relrowsecurity,
         c.relforcerowsecurity, c.relacl, c.relowner, n.nspname,
         EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                 AND NOT a.attisdropped) AS of_practice
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f') AND n.nspname !~ '^(pg_|information_schema$)'
"""


def unforced_row_security(c: Connection) -> list[str]:
    """Row-level security on, and for the owner too, wherever there is a practice's row or a grant.

    Partitions too: the policies of the parent do not hold for who names a partition.
    """
    return _found(
        c,
        f"""
        SELECT name || CASE WHEN relrowsecurity THEN ' does not force row-level security'
                            ELSE ' has no row-level security' END
        FROM ({_TABLES}) t
        WHERE (of_practice OR relacl::text LIKE '%billing\\_%=%/%' AND name <> 'alembic_version')
          AND NOT (relrowsecurity AND relforcerowsecurity) ORDER BY 1""",
    )


def tenant_policy(c: Connection) -> list[str]:
    """What the application role sees and writes of a practice table is its own practice's, always."""
    return _found(
        c,
        f"""
        SELECT t.name || ' has no tenant policy' FROM ({_TABLES}) t
        WHERE of_practice AND NOT relispartition AND NOT EXISTS (
          SELECT FROM pg_policy p WHERE p.polrelid = t.oid AND {_IS_TENANT_POLICY})
        UNION ALL
        SELECT t.name || ' opens to billing_app by policy ' || p.polname
        FROM ({_TABLES}) t JOIN pg_policy p ON p.polrelid = t.oid
        WHERE of_practice AND p.polroles && ARRAY[0::oid, 'billing_app'::regrole::oid]
          AND p.polpermissive AND NOT ({_IS_TENANT_POLICY})
        UNION ALL
        SELECT t.name || ' is a partition with policy ' || p.polname
        FROM ({_TABLES}) t JOIN pg_policy p ON p.polrelid = t.oid WHERE relispartition
        ORDER BY 1""",
    )


_IS_TENANT_POLICY = f"""
  p.polcmd = '*' AND p.polpermissive AND p.polroles = ARRAY['billing_app'::regrole::oid]
  AND pg_get_expr(p.polqual, p.polrelid) = '{TENANT_POLICY}'
  AND pg_get_expr(p.polwithcheck, p.polrelid) = '{TENANT_POLICY}'
"""


# Tables of a company's people and papers, and the column that names the company.
OF_A_COMPANY = {
    "agreement": "company_id",
    "app_user": "",
    "company": "id",
    "company_membership": "company_id",
    "invitation": "company_id",
    "membership": "company_id",
    "practice": "company_id",
}


def company_policies(c: Connection) -> list[str]:
    """What a list may show is of its practices or of its company, and a narrowed session stays there."""
    return _found(
        c,
        """
        SELECT p.polrelid::regclass || ' opens to billing_company_reader by policy ' || p.polname
        FROM pg_policy p
        WHERE 'billing_company_reader'::regrole = ANY (p.polroles) AND p.polpermissive
          AND NOT (p.polcmd = 'r' AND (
            pg_get_expr(p.polqual, p.polrelid) = '(tenant_id IN ( SELECT unnest(app_tenants()) AS unnest))'
            OR p.polrelid::regclass::text = ANY (%s)
              AND pg_get_expr(p.polqual, p.polrelid) LIKE '%%= app_company())%%'))
        UNION ALL
        SELECT t.name || ' is not narrowed' FROM unnest(%s::text[]) AS t (name)
        WHERE NOT EXISTS (
          SELECT FROM pg_policy p WHERE p.polrelid = t.name::regclass AND NOT p.polpermissive
            AND p.polcmd = '*' AND p.polroles = ARRAY['billing_platform'::regrole::oid]
            AND pg_get_expr(p.polqual, p.polrelid) = pg_get_expr(p.polwithcheck, p.polrelid)
            AND pg_get_expr(p.polqual, p.polrelid)
              LIKE '%%((app_company() IS NULL) OR (company_id = app_company()))%%')
        ORDER BY 1""",
        sorted(OF_A_COMPANY),
        sorted(set(OF_A_COMPANY) - {"app_user", "company"}),
    )


def tenant_functions(c: Connection) -> list[str]:
    """The policies are worth what these functions say, and they may only read a setting."""
    return [
        f"{name} does not just read its setting: {body}"
        for name, body, stable, definer in c.execute(
            """SELECT proname, coalesce(pg_get_function_sqlbody(oid), prosrc), provolatile = 's',
                      prosecdef FROM pg_proc WHERE proname IN ('app_company', 'app_tenant', 'app_tenants')
               ORDER BY proname"""
        )
        if body not in TENANT_FUNCTION or not stable or definer
    ]


def keys_without_tenant(c: Connection) -> list[str]:
    """A unique key over all practices tells one of them that another has the value."""
    names = c.execute(
        f"""
        SELECT i.indexrelid::regclass::text FROM ({_TABLES}) t JOIN pg_index i ON i.indrelid = t.oid
        WHERE of_practice AND NOT relispartition AND i.indisunique AND NOT EXISTS (
          SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'tenant_id'
            AND a.attnum = ANY (i.indkey[:i.indnkeyatts - 1]))
        ORDER BY 1"""
    ).fetchall()
    return [f"{name} lacks tenant_id" for (name,) in names if name not in KEYS_WITHOUT_TENANT]


def foreign_keys_without_tenant(c: Connection) -> list[str]:
    """Between practice tables the practice is part of the reference; and nothing cascades."""
    return _found(
        c,
        f"""
        SELECT f.conname || ' of ' || child.name || ' does not carry tenant_id on both sides'
        FROM ({_TABLES}) child JOIN pg_constraint f ON f.conrelid = child.oid AND f.contype = 'f'
        JOIN ({_TABLES}) parent ON parent.oid = f.confrelid
        WHERE child.of_practice AND parent.of_practice AND NOT EXISTS (
          SELECT FROM unnest(f.conkey, f.confkey) AS pair (ours, theirs)
          JOIN pg_attribute a ON a.attrelid = child.oid AND a.attnum = pair.ours
          JOIN pg_attribute b ON b.attrelid = parent.oid AND b.attnum = pair.theirs
          WHERE a.attname = 'tenant_id' AND b.attname = 'tenant_id')
        UNION ALL
        SELECT f.conname || ' of ' || child.name || ' acts on rows that row-level security guards'
        FROM ({_TABLES}) child JOIN pg_constraint f ON f.conrelid = child.oid AND f.contype = 'f'
        WHERE f.confdeltype NOT IN ('a', 'r') OR f.confupdtype NOT IN ('a', 'r')
        ORDER BY 1""",
    )


def lapsed_constraints(c: Connection) -> list[str]:
    """A constraint, index or trigger that stands in the catalogue but is not held."""
    return _found(
        c,
        f"""
        SELECT k.conname || ' of ' || t.name || ' is not held'
        FROM ({_TABLES}) t JOIN pg_constraint k ON k.conrelid = t.oid
        WHERE NOT k.convalidated OR NOT (to_jsonb(k) ->> 'conenforced')::bool
        UNION ALL
        SELECT i.indexrelid::regclass::text || ' is not valid'
        FROM ({_TABLES}) t JOIN pg_index i ON i.indrelid = t.oid WHERE NOT i.indisvalid
        UNION ALL
        SELECT g.tgname || ' of ' || t.name || ' is switched off'
        FROM ({_TABLES}) t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE g.tgenabled <> 'O'
        ORDER BY 1""",
    )


def column_types(c: Connection) -> list[str]:
    """Types whose operators are not leakproof keep an index from being used below a policy."""
    columns = c.execute(
        f"""
        SELECT t.name || '.' || a.attname, y.typname, y.typtype::text, y.typcategory::text
        FROM ({_TABLES}) t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0
        JOIN pg_type y ON y.oid = a.atttypid
        WHERE of_practice AND NOT relispartition AND NOT a.attisdropped ORDER BY 1"""
    ).fetchall()
    return [
        finding
        for name, kind, sort, category in columns
        if (finding := _type_fault(str(name), str(kind), str(sort), str(category)))
    ]


def _type_fault(name: str, kind: str, sort: str, category: str) -> str:
    if kind in ("json", "jsonb"):
        return "" if name in CARRIED_JSON else f"{name} is {kind}"
    if kind in ("numeric", "float4", "float8", "money", "timestamp", "timetz"):
        return f"{name} is {kind}"
    if sort == "e" or category == "A":
        return f"{name} is {'an enum' if sort == 'e' else 'an array'}"
    if name.endswith("_cents") and kind != "int8":
        return f"{name} is money in {kind}"
    return ""


def leaky_indexes(c: Connection) -> list[str]:
    """An index of a practice table by an operator that is not leakproof is never used by a practice."""
    return _found(
        c,
        f"""
        SELECT DISTINCT i.indexrelid::regclass::text || ' asks by ' || op.oprcode::text
        FROM ({_TABLES}) t JOIN pg_index i ON i.indrelid = t.oid
        CROSS JOIN LATERAL unnest(i.indclass) AS class (id)
        JOIN pg_opclass o ON o.oid = class.id
        JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype
        JOIN pg_operator op ON op.oid = m.amopopr JOIN pg_proc p ON p.oid = op.oprcode
        WHERE of_practice AND NOT relispartition AND NOT p.proleakproof
          AND m.amoprighttype = o.opcintype ORDER BY 1""",
    )


def grants_on_partitions(c: Connection) -> list[str]:
    return _found(
        c,
        f"""
        SELECT t.name || ' is a partition granted to ' || {_GRANTEE}
        FROM ({_TABLES}) t CROSS JOIN LATERAL aclexplode(t.relacl) g
        WHERE relispartition AND g.grantee <> t.relowner ORDER BY 1""",
    )


_GRANTEE = "CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END"


def grants_to_public(c: Connection) -> list[str]:
    return _found(
        c,
        f"""
        SELECT 'table ' || t.name || ': ' || g.privilege_type
        FROM ({_TABLES}) t CROSS JOIN LATERAL aclexplode(t.relacl) g WHERE g.grantee = 0
        UNION ALL
        SELECT 'column ' || t.name || '.' || a.attname || ': ' || g.privilege_type
        FROM ({_TABLES}) t JOIN pg_attribute a ON a.attrelid = t.oid
        CROSS JOIN LATERAL aclexplode(a.attacl) g WHERE g.grantee = 0
        UNION ALL
        SELECT 'schema ' || n.nspname || ': ' || g.privilege_type
        FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g
        WHERE g.grantee = 0 AND n.nspname !~ '^(pg_|information_schema$)'
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure::text || ': ' || g.privilege_type
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
        WHERE g.grantee = 0 AND n.nspname !~ '^(pg_|information_schema$)'
        UNION ALL
        SELECT 'what will be made: ' || g.privilege_type || ' to ' || {_GRANTEE}
        FROM pg_default_acl d CROSS JOIN LATERAL aclexplode(d.defaclacl) g
        WHERE g.grantee <> d.defaclrole ORDER BY 1""",
    )


def grants_past_policies(c: Connection) -> list[str]:
    """TRUNCATE asks no policy; REFERENCES and TRIGGER reach rows by another way."""
    return _found(
        c,
        f"""
        SELECT t.name || ': ' || g.privilege_type || ' to ' || {_GRANTEE}
        FROM ({_TABLES}) t CROSS JOIN LATERAL aclexplode(t.relacl) g
        WHERE g.grantee <> t.relowner
          AND (g.privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN') OR g.is_grantable)
        ORDER BY 1""",
    )


def unguarded_partitions(c: Connection) -> list[str]:
    """The statement triggers of an append-only parent do not fire for who names a partition."""
    return _found(
        c,
        f"""
        SELECT t.name || ' can be truncated by its own name' FROM ({_TABLES}) t
        WHERE relispartition AND NOT EXISTS (
          SELECT FROM pg_trigger g WHERE g.tgrelid = t.oid AND g.tgenabled = 'O'
            AND g.tgfoid = 'refuse_change'::regproc AND g.tgtype & 32 = 32)  -- 32: on TRUNCATE
        ORDER BY 1""",
    )


def sequences(c: Connection) -> list[str]:
    """A shared sequence tells a practice how much the others write."""
    return _found(
        c,
        f"""
        SELECT s.oid::regclass::text || ' granted to ' || {_GRANTEE}
        FROM pg_class s CROSS JOIN LATERAL aclexplode(s.relacl) g
        WHERE s.relkind = 'S' AND g.grantee <> s.relowner ORDER BY 1""",
    )


def ways_around(c: Connection) -> list[str]:
    """Functions, views and rules that would read as somebody else than who asks."""
    return _found(
        c,
        """
        SELECT 'function ' || p.oid::regprocedure::text || ' runs as its owner'
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND n.nspname !~ '^(pg_|information_schema$)'
        UNION ALL
        SELECT 'view ' || v.oid::regclass::text || ' does not read as who asks' FROM pg_class v
        JOIN pg_namespace n ON n.oid = v.relnamespace
        WHERE v.relkind = 'v' AND n.nspname !~ '^(pg_|information_schema$)'
          AND NOT coalesce(v.reloptions::text[] && ARRAY['security_invoker=true',
                           'security_invoker=on', 'security_invoker=1'], false)
        UNION ALL
        SELECT 'materialized view ' || oid::regclass::text FROM pg_class WHERE relkind = 'm'
        UNION ALL
        SELECT 'rule ' || rulename || ' of ' || ev_class::regclass::text FROM pg_rewrite r
        JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
        WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^(pg_|information_schema$)'
        UNION ALL
        SELECT 'foreign table ' || ftrelid::regclass::text FROM pg_foreign_table
        ORDER BY 1""",
    )


def strong_roles(c: Connection) -> list[str]:
    """Nobody but the cluster's first user is above policies, and a login role is nobody else as well."""
    return _found(
        c,
        """
        SELECT rolname || ' is a superuser' FROM pg_roles WHERE rolsuper AND oid <> 10
        UNION ALL
        SELECT rolname || ' is above row-level security' FROM pg_roles
        WHERE rolbypassrls AND NOT rolsuper
        UNION ALL
        SELECT rolname || ' may make roles or databases, or replicate' FROM pg_roles
        WHERE (rolcreatedb OR rolreplication OR rolcreaterole AND rolname <> 'billing_migrator')
          AND NOT rolsuper
        UNION ALL
        SELECT m.member::regrole::text || ' is also ' || m.roleid::regrole::text
        FROM pg_auth_members m WHERE m.member::regrole::text = ANY (%s)
        UNION ALL
        SELECT 'billing_owner may log in' FROM pg_roles WHERE rolname = 'billing_owner' AND rolcanlogin
        UNION ALL
        SELECT rolname || ' may wait for ever: no ' || needed FROM pg_roles
        CROSS JOIN unnest(ARRAY['lock_timeout', 'statement_timeout',
                                'idle_in_transaction_session_timeout']) AS needed
        WHERE rolname = ANY (%s) AND NOT EXISTS (
          SELECT FROM unnest(rolconfig) AS setting WHERE setting LIKE needed || '=%%')
        ORDER BY 1""",
        list(LOGIN_ROLES),
        list(LOGIN_ROLES),
    )


def strange_owners(c: Connection) -> list[str]:
    """A table of another owner is not under `billing_owner`'s forced policies' regime."""
    return _found(
        c,
        """
        SELECT 'relation ' || c.oid::regclass::text || ' is owned by ' || c.relowner::regrole::text
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname !~ '^(pg_|information_schema$)' AND c.relowner <> %s::regrole
        UNION ALL
        SELECT 'function ' || p.oid::regprocedure::text || ' is owned by ' || p.proowner::regrole::text
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname !~ '^(pg_|information_schema$)' AND p.proowner <> %s::regrole
        UNION ALL
        SELECT 'schema ' || nspname || ' is owned by ' || nspowner::regrole::text FROM pg_namespace
        WHERE nspname !~ '^(pg_|information_schema$)'
          AND nspowner NOT IN (%s::regrole, 'pg_database_owner'::regrole)
        ORDER BY 1""",
        OWNER,
        OWNER,
        OWNER,
    )


CHECKS: tuple[Check, ...] = (
    *(
        unforced_row_security,
        tenant_policy,
        company_policies,
        tenant_functions,
        keys_without_tenant,
    ),
    *(foreign_keys_without_tenant, lapsed_constraints, column_types, leaky_indexes),
    *(grants_on_partitions, grants_to_public, grants_past_policies, unguarded_partitions),
    *(sequences, ways_around, strong_roles, strange_owners),
)


def _found(c: Connection, query: str, *parameters: object) -> list[str]:
    rows = c.execute(query.encode(), parameters or None).fetchall()
    return [str(finding) for (finding,) in rows]
