"""Every room's tables, imported once: the one list alembic reads."""

from billing_saas.kit.db import Row

metadata = Row.metadata
