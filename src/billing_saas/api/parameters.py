"""Query parameters: those that the contract names, each once, and nothing that no text may hold."""

import re
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Operation, Parameter

from billing_saas.api.refusals import bad_request

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}\Z")


async def known(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A guard. A parameter that is misspelt must not answer with more than was asked for."""
    given = list(connection.query_params.multi_items())
    if not given or not connection.scope["path"].startswith("/v1/"):
        return
    names = _names(connection)
    seen: set[str] = set()
    for name, value in given:
        shown = name if _NAME.match(name) else ""
        if name not in names:
            raise bad_request("There is no such query parameter.", shown)
        if name in seen:
            raise bad_request("A query parameter is given twice.", shown)
        if "\0" in value or not _is_text(value):
            raise bad_request("A query parameter is no text.", shown)
        seen.add(name)


def _names(connection: ASGIConnection[Any, Any, Any, Any]) -> frozenset[str]:
    """By route template and method, read from the contract once."""
    held: dict[tuple[str, str], frozenset[str]] = connection.app.state.setdefault(
        "query_parameters", {}
    )
    template, method = connection.scope["path_template"], str(connection.scope.get("method"))
    if (template, method) not in held:
        path = (connection.app.openapi_schema.paths or {}).get(_as_documented(template))
        operation: Operation | None = getattr(path, method.lower(), None)
        held[template, method] = frozenset(
            parameter.name
            for parameter in (operation.parameters if operation else None) or []
            if isinstance(parameter, Parameter) and parameter.param_in == "query"
        )
    return held[template, method]


def _as_documented(template: str) -> str:
    """`{claim_id:uuid}` is `{claim_id}` there."""
    return re.sub(r":\w+}", "}", template)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
