"""Rows and documents without what is not to be shown."""

from typing import Any, TypeVar

import msgspec
from sqlalchemy import inspect

from billing_saas.kit.db import Row
from billing_saas.phi.sealing import Document

R = TypeVar("R", bound=Row)
D = TypeVar("D", bound=Document)


def without(row: R, *columns: str) -> R:
    """A copy with these columns blank: empty text, else nothing. It belongs to no session, so that a
    blank is never written."""
    table: Any = type(row)
    values = {one.key: getattr(row, one.key) for one in inspect(table).column_attrs}
    for column in columns:
        values[column] = "" if isinstance(values[column], str) else None
    copied: R = table(**values)
    return copied


def blanked(document: D, *fields: str) -> D:
    """A copy with these fields as if nothing were known of them."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(document)}
    return msgspec.structs.replace(document, **{name: defaults[name] for name in fields})
