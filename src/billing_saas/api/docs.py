"""The documentation page: Swagger UI from the installed package, so no internet is needed."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin
from litestar.openapi.spec import (
    Components,
    License,
    OAuthFlow,
    OAuthFlows,
    SecurityScheme,
    Server,
)
from litestar.static_files import create_static_files_router

from billing_saas import __version__
from billing_saas.api import contract_document, cookies
from billing_saas.clients.rules import SCOPES
from billing_saas.identity.rules import TABLE

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>billing_saas API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<main id="swagger-ui"></main>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = """window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: "/docs/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
    persistAuthorization: false, tryItOutEnabled: true,
  });
});
"""


def openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="billing_saas",
        version=__version__,
        description="A multi-tenant back office for outsourced medical billing. Amounts are integer "
        "cents of US dollars; instants are UTC; lists are paged by cursor; errors are problem+json. "
        "Every person and payer in the examples is invented.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        servers=[Server(url="/", description="The server that gave this document.")],
        path="/docs",
        render_plugins=[SwaggerFromPackage(), CompletedContract()],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A token of a person. Beside it stand the permissions that the "
                    "person's roles in the practice must give.",
                ),
                "client": SecurityScheme(
                    type="oauth2",
                    description="An access token of a machine of one practice, whose scopes are "
                    "permissions. /.well-known/oauth-authorization-server tells of the server.",
                    flows=OAuthFlows(
                        client_credentials=OAuthFlow(
                            token_url="/oauth/token",  # noqa: S106  # an address
                            scopes={one.name: one.sentence for one in TABLE if one.name in SCOPES},
                        )
                    ),
                ),
                "session": SecurityScheme(
                    type="apiKey",
                    security_scheme_in="cookie",
                    name=cookies.SESSION,
                    description="A person's session, as the sign-in page opens it. A change needs the "
                    f"page's token in {cookies.CSRF_HEADER} as well.",
                ),
            }
        ),
        use_handler_docstrings=True,
    )


class SwaggerFromPackage(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return _PAGE.encode()


class CompletedContract(JsonRenderPlugin):
    """The document with what the routes declare, made when it is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self._made: bytes | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self._made is None:
            self._made = msgspec.json.encode(contract_document.completed(request.app).document)
        return self._made


def assets() -> Any:
    return create_static_files_router(
        path="/docs/assets", directories=[_assets_folder()], include_in_schema=False
    )


def _assets_folder() -> Path:
    """The files of `swagger-ui-py`; its Python, which fits other frameworks, is not imported."""
    found = find_spec("swagger_ui")
    if found is None or found.origin is None:
        raise RuntimeError("swagger-ui-py is not installed: the documentation page has no files")
    return Path(found.origin).parent / "static"
