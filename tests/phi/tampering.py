"""Someone with the database's own rights, past the policies: what sealing must hold against."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import create_engine, text

from billing_saas.kit.embedded import SUPERUSER
from tests.cluster import Clone


def as_owner(clone: Clone, statements: Sequence[str], **values: UUID | bytes | int) -> None:
    url = clone.url(SUPERUSER)
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
    finally:
        engine.dispose()
