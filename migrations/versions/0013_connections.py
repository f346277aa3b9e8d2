"""Connections of a practice to its partners: who is who in an ISA, our control numbers, and theirs."""

from migrations.security import practice_table, run

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run(
        # Ids stay for good: what was sent and received under them is kept per connection. A repeat of
        # ISA13 is refused only where claims come from a practice's system; a clearinghouse uses numbers
        # again (docs/decisions/0009-connections.md).
        """
        CREATE TABLE connection (
          tenant_id uuid NOT NULL REFERENCES practice,
          id uuid NOT NULL,
          name text NOT NULL CHECK (name <> ''),
          kind text NOT NULL CHECK (kind IN ('practice_system', 'clearinghouse', 'payer')),
          usage text NOT NULL CHECK (usage IN ('T', 'P')),
          own_qualifier text NOT NULL CHECK (own_qualifier ~ '^[0-9A-Z]{2}$'),
          own_id text NOT NULL CHECK (length(own_id) BETWEEN 1 AND 15),
          own_group_id text NOT NULL CHECK (length(own_group_id) BETWEEN 2 AND 15),
          partner_qualifier text NOT NULL CHECK (partner_qualifier ~ '^[0-9A-Z]{2}$'),
          partner_id text NOT NULL CHECK (length(partner_id) BETWEEN 1 AND 15),
          partner_group_id text NOT NULL CHECK (length(partner_group_id) BETWEEN 2 AND 15),
          refuses_repeats boolean NOT NULL CHECK (kind = 'practice_system' OR NOT refuses_repeats),
          active boolean NOT NULL DEFAULT true,
          created_at timestamptz NOT NULL,
          updated_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, own_qualifier, own_id, partner_qualifier, partner_id, usage)
        )""",
        # The last number given out of each kind: nine digits, and never less than it was.
        """
        CREATE TABLE connection_number (
          tenant_id uuid NOT NULL,
          connection_id uuid NOT NULL,
          last_interchange bigint NOT NULL DEFAULT 0 CHECK (last_interchange BETWEEN 0 AND 999999999),
          last_group bigint NOT NULL DEFAULT 0 CHECK (last_group BETWEEN 0 AND 999999999),
          last_set bigint NOT NULL DEFAULT 0 CHECK (last_set BETWEEN 0 AND 999999999),
          last_batch bigint NOT NULL DEFAULT 0 CHECK (last_batch BETWEEN 0 AND 999999999),
          PRIMARY KEY (tenant_id, connection_id),
          FOREIGN KEY (tenant_id, connection_id) REFERENCES connection
        )""",
        """
        CREATE TABLE interchange_received (
          tenant_id uuid NOT NULL,
          id uuid NOT NULL,
          connection_id uuid NOT NULL,
          arrival_id uuid NOT NULL,
          n integer NOT NULL CHECK (n > 0),
          control_number text NOT NULL,
          usage text NOT NULL,
          accepted boolean NOT NULL,
          received_at timestamptz NOT NULL,
          PRIMARY KEY (tenant_id, id),
          UNIQUE (tenant_id, arrival_id, n),
          FOREIGN KEY (tenant_id, connection_id) REFERENCES connection,
          FOREIGN KEY (tenant_id, arrival_id) REFERENCES arrival
        )""",
        "CREATE INDEX interchange_received_number_idx"
        " ON interchange_received (tenant_id, connection_id, control_number)",
        # Numbers neither fall nor stand still, whoever writes them.
        """
        CREATE FUNCTION refuse_falling_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.last_interchange < OLD.last_interchange OR NEW.last_group < OLD.last_group
             OR NEW.last_set < OLD.last_set OR NEW.last_batch < OLD.last_batch THEN
            RAISE EXCEPTION 'control numbers of a connection never fall'
              USING ERRCODE = 'restrict_violation';
          END IF;
          RETURN NEW;
        END $$""",
        "CREATE TRIGGER connection_number_rises BEFORE UPDATE ON connection_number"
        " FOR EACH ROW EXECUTE FUNCTION refuse_falling_numbers()",
    )
    practice_table("connection", updates=["name", "refuses_repeats", "active", "updated_at"])
    practice_table(
        "connection_number",
        updates=["last_interchange", "last_group", "last_set", "last_batch"],
    )
    practice_table("interchange_received")
