"""The API's contract as a file, made without a database."""

import json
from typing import Any, NoReturn

from litestar import Litestar

from billing_saas.api import contract_document
from billing_saas.api.app import create_app


def contract() -> str:
    """The OpenAPI document, in a form that changes only when the API does."""
    return json.dumps(document(create_app(_no_database)), indent=1, sort_keys=True) + "\n"


def document(app: Litestar) -> dict[str, Any]:
    return contract_document.completed(app).document


def _no_database() -> NoReturn:
    raise RuntimeError("the contract is made without a database")
