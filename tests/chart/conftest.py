import json
import os
import subprocess
from pathlib import Path
from typing import Any, Protocol

import pytest

ROOT = Path(__file__).parent.parent.parent
TOOLS = ROOT / "build" / "tools" / "bin" / "python"
Object = dict[str, Any]


class Render(Protocol):
    def __call__(self, file: str, /, **changes: Any) -> list[Object]: ...


class Refused(Exception):
    """The chart did not take the values; the message says which."""


@pytest.fixture(scope="session")
def render() -> Render:
    """Objects of the chart under a value set and changes to it."""
    if not TOOLS.exists():
        if os.environ.get("CI"):
            pytest.fail("make chart-check must come first")
        pytest.skip("needs the chart's tools: make chart-check")

    def rendered(file: str, /, **changes: Any) -> list[Object]:
        ran = subprocess.run(
            [TOOLS, ROOT / "helm" / "rendering.py", file],
            input=json.dumps(changes),
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise Refused(ran.stderr)
        objects: list[Object] = json.loads(ran.stdout)
        return objects

    return rendered
