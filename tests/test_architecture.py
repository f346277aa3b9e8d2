"""The house as it is drawn: floors by import-linter, names and shapes and sizes here; then each rule broken.

A finding is a line with its place. Whoever meets one mends the line, or writes into
`tests/architecture/checks.py` why this one place is let off.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture import checks, source
from tests.architecture.checks import CHECKS
from tests.architecture.source import Check

ROOT = Path(__file__).parents[1]
LINTER = Path(sys.executable).parent / "lint-imports"


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_source_keeps_the_rules(check: Check) -> None:
    assert check(source.house()) == []


def test_there_is_a_house_to_look_at() -> None:
    found = {file.name for file in source.house()}
    assert {"billing_saas.ledger.journal", "billing_sandbox.payer"} <= found
    assert len(found) > 200


# --- each rule broken, in a house of one room ---

FAULTS: tuple[tuple[Check, str, str, str], ...] = (
    (checks.names, "claims/utils.py", "", "utils never says no"),
    (checks.names, "claims/helpers/words.py", "", "helpers never says no"),
    (checks.rooms, "claims/__init__.py", "X = 1", "does not say what the room owns"),
    (checks.rooms, "claims/__init__.py", '"""Claims."""\nfrom a import b', "re-exports b"),
    (checks.kinds, "claims/sending.py", "class Claim(Row): ...", "Claim is a row outside"),
    (checks.kinds, "claims/sending.py", "class SendIt(jobs.Job): ...", "SendIt is a job outside"),
    (checks.kinds, "claims/sending.py", "class Gone(NotFound): ...", "Gone is an error outside"),
    (checks.kinds, "claims/tables.py", "def find(): ...", "find acts in tables.py"),
    (checks.kinds, "claims/rules.py", "async def find(): ...", "waits in rules"),
    (checks.kinds, "claims/line_rules.py", "from sqlalchemy import text", "knows sqlalchemy.text"),
    (checks.kinds, "claims/rules.py", "from billing_saas.kit import clock", "rules are pure"),
    (checks.clocks, "claims/a.py", "x = datetime.now(UTC)", "datetime.now: ask kit.clock"),
    (checks.clocks, "claims/a.py", "x = datetime.date.today()", "date.today: ask kit.clock"),
    (checks.clocks, "claims/a.py", "x = time.time()", "time.time: ask kit.clock"),
    (checks.clocks, "claims/a.py", "x = uuid.uuid4()", "uuid.uuid4: ask kit.ids"),
    (checks.money, "ledger/a.py", "x = 0.5", "the float 0.5"),
    (checks.money, "ledger/a.py", "x: float = y", "float"),
    (checks.money, "claims/a.py", "x = cents / 2", "a division that makes a float"),
    (checks.money, "claims/a.py", "x = round(cents)", "rounding"),
    (
        checks.relationships,
        "claims/a.py",
        "class Claim: ...\nx = relationship(Claim, lazy='raise')",
        "outside tables",
    ),
    (
        checks.relationships,
        "claims/tables.py",
        "class Claim: ...\nx = relationship(Claim)",
        'without lazy="raise"',
    ),
    (
        checks.relationships,
        "claims/tables.py",
        "x = relationship('Patient', lazy='raise')",
        "a relationship to Patient of another room",
    ),
    (checks.sizes, "claims/a.py", "x = 1\n" * 401, "claims.a has 401 lines"),
    (checks.sizes, "claims/a.py", "def f():\n" + "    x = 1\n" * 71, "f has 72 lines"),
    (
        checks.platform_sessions,
        "claims/a.py",
        "def f(db: PlatformSession): ...",
        "uses the platform's session",
    ),
    (checks.platform_sessions, "claims/a.py", "x = database.platform()", "the platform's session"),
    (checks.sessions, "claims/a.py", "x = create_async_engine(url)", "a way around the sessions"),
    (checks.sessions, "claims/a.py", "x = psycopg.connect(url)", "a way around the sessions"),
    (checks.sessions, "claims/a.py", "db.commit()", "acts never end the transaction"),
    (checks.leaky_predicates, "claims/a.py", "x = 'SELECT 1 WHERE a ILIKE b'", "asks by ILIKE"),
    (checks.leaky_predicates, "claims/a.py", "x = 'SELECT 1 WHERE a @> b'", "asks by @>"),
    (checks.leaky_predicates, "claims/a.py", "x = Claim.work.ilike('d%')", "asks by ilike"),
    (
        checks.imported_acts,
        "claims/a.py",
        "from billing_saas.ledger.journal import post",
        "imports the act post",
    ),
)


@pytest.mark.parametrize(
    ("check", "path", "text", "finding"),
    FAULTS,
    ids=[f"{check.__name__}-{n}" for n, (check, *_) in enumerate(FAULTS)],
)
def test_a_broken_rule_is_found(
    tmp_path: Path, check: Check, path: str, text: str, finding: str
) -> None:
    place = tmp_path / "billing_saas" / path
    place.parent.mkdir(parents=True)
    place.write_text(text)
    found = check(source.files(tmp_path))
    assert len(found) == 1
    assert finding in found[0]


def test_a_room_that_grows_too_large_is_found(tmp_path: Path) -> None:
    (tmp_path / "billing_saas" / "claims").mkdir(parents=True)
    for n in range(checks.MOST_FILES + 1):
        (tmp_path / "billing_saas" / "claims" / f"part{n}.py").touch()
    assert checks.rooms(source.files(tmp_path)) == ["claims has 15 files: split the room"]


def test_every_rule_was_broken_once() -> None:
    assert {check for check, *_ in FAULTS} == set(CHECKS)


def test_who_is_let_off_still_needs_it() -> None:
    """A reason that outlived its fault would let the next one in."""
    found = source.house()
    names = {file.name for file in found}
    listed = {*checks.PLATFORM, *checks.CONNECTIONS, *checks.LONG_FILES, *checks.FRACTIONS}
    assert listed - names == set()
    assert checks.LARGE_ROOMS.keys() <= {file.room for file in found}


# --- the floors ---


def lint(folder: Path) -> str:
    run = subprocess.run(
        [LINTER, "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    return run.stdout + run.stderr


def test_the_floors_hold() -> None:
    said = lint(ROOT)
    assert re.search(r"Contracts: \d+ kept, 0 broken", said), said


CROSSINGS = {
    "billing_saas/ledger/rising.py": "from billing_saas.remittances import posting",
    "billing_saas/patients/neighborly.py": "from billing_saas.payers import queries",
    "billing_saas/loft/__init__.py": '"""A room that nobody drew."""',
    "billing_saas/api/portal/__init__.py": "from billing_saas.api.staff import claims",
    "billing_saas/claims/http.py": "import litestar",
    "billing_saas/claims/queued.py": "import dramatiq",
    "billing_saas/claims/paid.py": "import stripe",
    "billing_saas/claims/counted.py": "import prometheus_client",
    "billing_saas/edi/stored.py": "from billing_saas.kit import db",
    "billing_saas/payers/rules.py": "import sqlalchemy",
    "billing_sandbox/insider.py": "from billing_saas.ledger import journal",
    "billing_saas/claims/pretending.py": "import billing_sandbox",
}


def test_each_crossing_is_found(tmp_path: Path) -> None:
    """A copy of the house with every wall broken once."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    drawn = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    contracts = [contract["name"] for contract in drawn["contracts"]]
    assert len(contracts) >= 9
    for path, crossing in CROSSINGS.items():
        place = tmp_path / "src" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(crossing + "\n")
    said = lint(tmp_path)
    assert "loft" in said  # an undrawn room is told before anything else
    shutil.rmtree(tmp_path / "src" / "billing_saas" / "loft")
    said = lint(tmp_path)
    for contract in contracts:
        assert f"{contract} BROKEN" in said, said
    for path in CROSSINGS:
        module = path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
        assert module in said or "loft" in module, path


# --- decisions ---


def test_every_decision_is_in_the_index() -> None:
    records = ROOT / "docs" / "decisions"
    index = (records / "README.md").read_text()
    missing = [path.name for path in records.glob("[0-9]*.md") if f"({path.name})" not in index]
    assert missing == []
    linked = re.findall(r"\((\d{4}-[\w-]+\.md)\)", index)
    assert [name for name in linked if not (records / name).exists()] == []
