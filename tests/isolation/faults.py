"""Faults to plant in a migrated database: the check that must find each, and what it must say."""

from tests.isolation import catalogue
from tests.isolation.catalogue import Check

FAULTS: tuple[tuple[Check, str, str], ...] = (
    (
        catalogue.unforced_row_security,
        "ALTER TABLE claim NO FORCE ROW LEVEL SECURITY",
        "claim does not force row-level security",
    ),
    (
        catalogue.unforced_row_security,
        "ALTER TABLE patient DISABLE ROW LEVEL SECURITY",
        "patient has no row-level security",
    ),
    (
        catalogue.unforced_row_security,
        "CREATE TABLE note (tenant_id uuid, words text)",
        "note has no row-level security",
    ),
    (
        catalogue.unforced_row_security,
        "ALTER TABLE ledger_line_default NO FORCE ROW LEVEL SECURITY",
        "ledger_line_default does not force row-level security",
    ),
    (
        catalogue.unforced_row_security,
        "ALTER TABLE app_user DISABLE ROW LEVEL SECURITY",
        "app_user has no row-level security",
    ),
    (
        catalogue.company_policies,
        "CREATE POLICY wide ON company_membership FOR SELECT TO billing_company_reader USING (true)",
        "company_membership opens to billing_company_reader by policy wide",
    ),
    (
        catalogue.company_policies,
        "CREATE POLICY wide ON card FOR SELECT TO billing_company_reader"
        " USING (tenant_id IN (SELECT tenant_id FROM practice))",
        "card opens to billing_company_reader by policy wide",
    ),
    (
        catalogue.company_policies,
        "DROP POLICY narrowed ON membership",
        "membership is not narrowed",
    ),
    (
        catalogue.company_policies,
        "ALTER POLICY narrowed ON agreement WITH CHECK (true)",
        "agreement is not narrowed",
    ),
    (
        catalogue.tenant_policy,
        "DROP POLICY tenant ON patient",
        "patient has no tenant policy",
    ),
    (
        catalogue.tenant_policy,
        "CREATE POLICY wide ON claim FOR SELECT TO billing_app USING (true)",
        "claim opens to billing_app by policy wide",
    ),
    (
        catalogue.tenant_policy,
        "CREATE POLICY wide ON claim FOR SELECT USING (true)",
        "claim opens to billing_app by policy wide",
    ),
    (
        catalogue.tenant_policy,
        "ALTER POLICY tenant ON claim WITH CHECK (true)",
        "claim has no tenant policy",
    ),
    (
        catalogue.tenant_policy,
        "ALTER POLICY tenant ON claim USING (tenant_id = app_tenant() OR work = 'draft')",
        "claim has no tenant policy",
    ),
    (
        catalogue.tenant_policy,
        "CREATE POLICY own ON audit_event_default TO billing_app USING (true)",
        "audit_event_default is a partition with policy own",
    ),
    (
        catalogue.tenant_functions,
        "CREATE OR REPLACE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE"
        " RETURN (SELECT tenant_id FROM practice LIMIT 1)",
        "app_tenant does not just read its setting",
    ),
    (
        catalogue.tenant_functions,
        "ALTER FUNCTION app_tenants() SECURITY DEFINER",
        "app_tenants does not just read its setting",
    ),
    (
        catalogue.keys_without_tenant,
        "CREATE UNIQUE INDEX claim_charge_key ON claim (charge_cents, service_from)",
        "claim_charge_key lacks tenant_id",
    ),
    (
        catalogue.keys_without_tenant,
        "CREATE UNIQUE INDEX claim_kept_key ON claim (work) INCLUDE (tenant_id)",
        "claim_kept_key lacks tenant_id",
    ),
    (
        catalogue.keys_without_tenant,
        "ALTER TABLE remittance ADD CONSTRAINT trace UNIQUE (trace_number)",
        "trace lacks tenant_id",
    ),
    (
        catalogue.foreign_keys_without_tenant,
        "ALTER TABLE patient ADD UNIQUE (id);"
        " ALTER TABLE claim ADD CONSTRAINT bare FOREIGN KEY (patient_id) REFERENCES patient (id)",
        "bare of claim does not carry tenant_id on both sides",
    ),
    (
        catalogue.foreign_keys_without_tenant,
        "ALTER TABLE payer ADD UNIQUE (id, tenant_id); ALTER TABLE claim ADD CONSTRAINT crossed"
        " FOREIGN KEY (tenant_id, id) REFERENCES payer (id, tenant_id)",
        "crossed of claim does not carry tenant_id on both sides",
    ),
    (
        catalogue.foreign_keys_without_tenant,
        "ALTER TABLE charge ADD CONSTRAINT sweeping FOREIGN KEY (tenant_id, encounter_id)"
        " REFERENCES encounter ON DELETE CASCADE",
        "sweeping of charge acts on rows that row-level security guards",
    ),
    (
        catalogue.lapsed_constraints,
        "ALTER TABLE ledger_line DISABLE TRIGGER ledger_line_sums_to_zero",
        "ledger_line_sums_to_zero of ledger_line is switched off",
    ),
    (
        catalogue.lapsed_constraints,
        "ALTER TABLE audit_event_default DISABLE TRIGGER USER",
        "audit_event_append_only of audit_event_default is switched off",
    ),
    (
        catalogue.lapsed_constraints,
        "ALTER TABLE claim ADD CONSTRAINT hollow CHECK (charge_cents > 0) NOT VALID",
        "hollow of claim is not held",
    ),
    (
        catalogue.lapsed_constraints,
        "ALTER TABLE claim ADD CONSTRAINT idle CHECK (charge_cents > 0) NOT ENFORCED",
        "idle of claim is not held",
    ),
    (catalogue.column_types, "ALTER TABLE claim ADD total numeric", "claim.total is numeric"),
    (catalogue.column_types, "ALTER TABLE claim ADD share float8", "claim.share is float8"),
    (catalogue.column_types, "ALTER TABLE claim ADD facts jsonb", "claim.facts is jsonb"),
    (catalogue.column_types, "ALTER TABLE claim ADD codes text[]", "claim.codes is an array"),
    (
        catalogue.column_types,
        "CREATE TYPE mood AS ENUM ('good'); ALTER TABLE claim ADD mood mood",
        "claim.mood is an enum",
    ),
    (
        catalogue.column_types,
        "ALTER TABLE claim ADD paid_cents integer",
        "claim.paid_cents is money in int4",
    ),
    (catalogue.column_types, "ALTER TABLE claim ADD seen timestamp", "claim.seen is timestamp"),
    (
        catalogue.leaky_indexes,
        "ALTER TABLE claim ADD facts jsonb; CREATE INDEX claim_facts_idx ON claim USING gin (facts)",
        "claim_facts_idx asks by",
    ),
    (
        catalogue.leaky_indexes,
        "CREATE INDEX claim_like_idx ON claim (tenant_id, work text_pattern_ops, (charge_cents::numeric))",
        "claim_like_idx asks by numeric_eq",
    ),
    (
        catalogue.grants_on_partitions,
        "GRANT SELECT ON ledger_line_default TO billing_app",
        "ledger_line_default is a partition granted to billing_app",
    ),
    (
        catalogue.grants_to_public,
        "GRANT SELECT ON practice TO PUBLIC",
        "table practice: SELECT",
    ),
    (
        catalogue.grants_to_public,
        "GRANT SELECT (name) ON practice TO PUBLIC",
        "column practice.name: SELECT",
    ),
    (
        catalogue.grants_to_public,
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        "schema public: CREATE",
    ),
    (
        catalogue.grants_to_public,
        "GRANT EXECUTE ON FUNCTION app_tenants() TO PUBLIC",
        "function app_tenants(): EXECUTE",
    ),
    (
        catalogue.grants_to_public,
        "ALTER DEFAULT PRIVILEGES FOR ROLE billing_owner GRANT SELECT ON TABLES TO billing_app",
        "what will be made: SELECT to billing_app",
    ),
    (
        catalogue.grants_past_policies,
        "GRANT TRUNCATE ON blind_index TO billing_app",
        "blind_index: TRUNCATE to billing_app",
    ),
    (
        catalogue.grants_past_policies,
        "GRANT SELECT ON claim TO billing_app WITH GRANT OPTION",
        "claim: SELECT to billing_app",
    ),
    (
        catalogue.unguarded_partitions,
        "CREATE TABLE ledger_line_later PARTITION OF ledger_line"
        " FOR VALUES FROM ('2150-01-01') TO ('2150-02-01')",
        "ledger_line_later can be truncated by its own name",
    ),
    (
        catalogue.sequences,
        "GRANT USAGE ON SEQUENCE audit_event_seq_seq TO billing_app",
        "audit_event_seq_seq granted to billing_app",
    ),
    (
        catalogue.ways_around,
        "CREATE FUNCTION all_claims() RETURNS SETOF claim LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT * FROM claim'",
        "function all_claims() runs as its owner",
    ),
    (
        catalogue.ways_around,
        "CREATE VIEW open_claim AS SELECT * FROM claim",
        "view open_claim does not read as who asks",
    ),
    (
        catalogue.ways_around,
        "CREATE MATERIALIZED VIEW aging AS SELECT tenant_id FROM claim",
        "materialized view aging",
    ),
    (
        catalogue.ways_around,
        "CREATE RULE quiet AS ON DELETE TO claim DO INSTEAD NOTHING",
        "rule quiet of claim",
    ),
    (catalogue.strong_roles, "ALTER ROLE billing_app BYPASSRLS", "billing_app is above"),
    (
        catalogue.strong_roles,
        "ALTER ROLE billing_platform SUPERUSER",
        "billing_platform is a super",
    ),
    (catalogue.strong_roles, "ALTER ROLE billing_app CREATEROLE", "billing_app may make roles"),
    (
        catalogue.strong_roles,
        "GRANT pg_read_all_data TO billing_company_reader",
        "billing_company_reader is also pg_read_all_data",
    ),
    (catalogue.strong_roles, "ALTER ROLE billing_owner LOGIN", "billing_owner may log in"),
    (
        catalogue.strong_roles,
        "ALTER ROLE billing_app RESET lock_timeout",
        "billing_app may wait for ever: no lock_timeout",
    ),
    (
        catalogue.strange_owners,
        "ALTER TABLE claim OWNER TO billing_migrator",
        "relation claim is owned by billing_migrator",
    ),
    (
        catalogue.strange_owners,
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql RETURN 1",
        "function one() is owned by postgres",
    ),
)
