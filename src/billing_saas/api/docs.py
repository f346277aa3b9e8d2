"""The documentation page: Swagger UI from the installed package, so no internet is needed."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.static_files import create_static_files_router

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


class SwaggerFromPackage(OpenAPIRenderPlugin):
    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return _PAGE.encode()


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
