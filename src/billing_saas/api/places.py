"""Where a request leads: the practice or the company that its path names."""

from typing import Any
from uuid import UUID

from litestar.connection import ASGIConnection

from billing_saas.identity.signing_in import Place


def of(connection: ASGIConnection[Any, Any, Any, Any]) -> Place:
    """Nothing else of what a person holds is looked up at the door."""
    ids = {name: value for name, value in connection.path_params.items() if isinstance(value, UUID)}
    return Place(practice_id=ids.get("practice_id"), company_id=ids.get("company_id"))
