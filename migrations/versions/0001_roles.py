"""Roles, the tenant function, and what append-only and partitioned tables need."""

from alembic import op

from migrations.security import APP, PLATFORM, READER, SEALER, run

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Roles belong to the cluster, not to this database: another database may have made them already.
    op.execute("RESET ROLE")
    for role in (APP, PLATFORM, READER, SEALER):
        op.execute(
            f"""
            DO $$ BEGIN
              IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
                CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
              END IF;
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END $$"""
        )
        # A request that waits for ever holds a connection for ever; a worker's long statements say so.
        op.execute(f"ALTER ROLE {role} SET lock_timeout = '10s'")
        op.execute(f"ALTER ROLE {role} SET statement_timeout = '120s'")
        op.execute(f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '60s'")
    op.execute("SET ROLE billing_owner")
    run(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {APP}, {PLATFORM}, {READER}, {SEALER}",
        # Whoever may connect may call a new function, unless told otherwise: nobody may, here.
        "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        # The one place that knows how a transaction names its practice. `nullif`: after a
        # transaction-local setting ends, a pooled connection reports an empty text.
        """
        CREATE FUNCTION app_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
          RETURN nullif(current_setting('app.tenant_id', true), '')::uuid""",
        """
        CREATE FUNCTION app_tenants() RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
          RETURN string_to_array(nullif(current_setting('app.tenant_ids', true), ''), ',')::uuid[]""",
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$""",
        # The policies and statement triggers of a partitioned table do not hold for who names a
        # partition: a policy-less partition shows nobody anything but through its parent.
        """
        CREATE FUNCTION guard_partition(partition regclass) RETURNS void LANGUAGE plpgsql AS $$
        BEGIN
          EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', partition);
          EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', partition);
          EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %s'
                         ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', partition);
        END $$""",
        """
        CREATE FUNCTION make_month_partitions(parent regclass, first date, months int)
        RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
          month date;
          partition text;
        BEGIN
          FOR month IN
            SELECT generate_series(first - interval '1 month', first + (months || ' months')::interval,
                                   interval '1 month')::date
          LOOP
            partition := format('%I', parent || to_char(month, '_YYYYMM'));
            CONTINUE WHEN to_regclass(partition) IS NOT NULL;
            EXECUTE format('CREATE TABLE %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', partition,
                           parent, month::timestamptz, (month + interval '1 month')::timestamptz);
            PERFORM guard_partition(partition);
          END LOOP;
        END $$""",
        f"GRANT EXECUTE ON FUNCTION app_tenant() TO {APP}",
        f"GRANT EXECUTE ON FUNCTION app_tenants() TO {READER}",
    )
