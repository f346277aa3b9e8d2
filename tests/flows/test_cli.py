"""`billing-saas` at a terminal: it says what it does, what is wrong, and provisions a practice."""

from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from billing_saas import __version__, cli
from tests.flows.conftest import Run


def practice(company: str, **changes: str) -> list[str]:
    given = {
        "name": "Elm Family Medicine",
        "npi": "1922164458",
        "tax-id": "999994703",
        "time-zone": "America/Chicago",
        "agreement-signed-on": "2026-01-05",
        "agreement-signed-by": "Dr. E. Elm",
        **changes,
    }
    options = [part for name, value in given.items() for part in (f"--{name}", value)]
    return ["tenant", "add-practice", company, *options]


def test_help_names_every_command() -> None:
    told = CliRunner().invoke(cli.main, ["--help"])
    assert told.exit_code == 0
    for command in ("demo", "clean-demo", "serve", "work", "migrate", "tenant", "edi", "openapi"):
        assert f"\n  {command} " in told.output
        own = CliRunner().invoke(cli.main, [command, "--help"])
        assert own.exit_code == 0
        assert len(own.output.splitlines()) > 3, own.output


def test_version() -> None:
    told = CliRunner().invoke(cli.main, ["--version"])
    assert (told.exit_code, told.output) == (0, f"billing-saas, version {__version__}\n")


@pytest.mark.parametrize("command", ["serve", "work", "migrate", "demo", "clean-demo"])
def test_an_unknown_or_malformed_setting_is_named_and_nothing_starts(
    run: Run, command: str
) -> None:
    told = run(command, BILLING_DATABSE_URL="postgresql://x", BILLING_PORT="eighty")
    assert told.exit_code == 1
    assert told.output.splitlines() == [
        "Error: Settings:",
        "  BILLING_DATABSE_URL: no such setting",
        "  BILLING_PORT: must be a port number",
    ]


@pytest.mark.parametrize("command", ["demo", "clean-demo"])
def test_the_demo_never_touches_an_operators_database(run: Run, command: str) -> None:
    told = run(command)
    assert told.exit_code == 1
    assert told.output == "Error: The demo runs on the embedded PostgreSQL only.\n"


def test_clean_demo_removes_the_demo_and_nothing_else(tmp_path: Path) -> None:
    kept = tmp_path / "keys"
    kept.mkdir()
    (tmp_path / "demo" / "postgres").mkdir(parents=True)
    environ = {"BILLING_DATA": str(tmp_path)}
    first = CliRunner().invoke(cli.main, ["clean-demo"], env=environ)
    assert (first.exit_code, first.output) == (0, f"Removed {tmp_path / 'demo'}.\n")
    assert list(tmp_path.iterdir()) == [kept]
    again = CliRunner().invoke(cli.main, ["clean-demo"], env=environ)
    assert (again.exit_code, again.output) == (0, f"Nothing stands in {tmp_path / 'demo'}.\n")


def test_a_practice_is_provisioned_from_the_command_line(run: Run) -> None:
    company = run("tenant", "add-company", "Ash Billing")
    assert company.exit_code == 0, company.output
    made = run(*practice(company.output.strip()))
    assert made.exit_code == 0, made.output
    UUID(made.output.strip())
    person = ("tenant", "add-person", made.output.strip(), "--email", "alice@elm.test")
    token = run(*person, "--name", "Alice", "--role", "biller", "--days", "2")
    assert token.exit_code == 0, token.output
    assert len(token.output.strip()) > 30
    assert "alice" not in token.output.lower()


def test_what_a_person_can_mend_is_said_in_a_line(run: Run) -> None:
    company = run("tenant", "add-company", "Ash Billing").output.strip()
    for changes, field in (
        ({"npi": "1922164459"}, "npi"),  # its check digit is wrong
        ({"tax-id": "12"}, "tax_id"),
        ({"time-zone": "Middle/Earth"}, "time_zone"),
    ):
        told = run(*practice(company, **changes))
        assert told.exit_code == 1
        assert told.output.startswith("Error: ")
        assert field in told.output
        assert "Traceback" not in told.output
    made = run(*practice(company)).output.strip()
    bob = ("--email", "bob@elm.test", "--name", "Bob")
    for arguments, said in (
        (["tenant", "add-person", made, *bob, "--role", "emperor"], "'emperor' is not one of"),
        (["tenant", "add-person", str(UUID(int=7)), *bob, "--role", "biller"], "no such practice"),
        (["tenant", "add-person", made, *bob, "--role", "biller", "--days", "0"], "--days"),
        (practice(str(UUID(int=7))), "no such billing company"),
        (practice("ash"), "not a valid UUID"),
    ):
        told = run(*arguments)
        assert told.exit_code in (1, 2), told.output
        assert said in told.output
        assert isinstance(told.exception, SystemExit)  # said, not raised
    assert run("tenant", "add-person", made, *bob, "--role", "biller").exit_code == 0
    twice = run("tenant", "add-person", made, *bob, "--role", "biller")
    assert (twice.exit_code, "already known" in twice.output) == (1, True)


def test_a_database_that_is_not_there_is_told(run: Run) -> None:
    nowhere = "postgresql://billing_app:x@127.0.0.1:1/nothing"
    told = run(
        "tenant", "add-company", "Ash", BILLING_DATABASE_URL=nowhere, BILLING_DATABASE_PATIENCE="0"
    )
    assert told.exit_code == 1
    assert told.output.startswith("Error: The database did not come up within 0 s")
