"""The guide's own commands: a database made, dumped by the chart's script, restored and looked at."""

import os
import sys
import time
from pathlib import Path

import psycopg
import pytest

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.embedded import SUPERUSER
from billing_saas.ledger import journal
from billing_saas.tenants import provisioning
from tests.cast import ELM, OPERATOR
from tests.operations.conftest import ROOT, Scratch, binary, guide, run

pytestmark = pytest.mark.slow


async def test_what_was_dumped_is_restored_and_read_with_the_keys_alone(
    scratch: Scratch, key_folder: Path, tmp_path: Path
) -> None:
    settings = {
        "BILLING_KEY_FOLDER": str(key_folder),
        "BILLING_PUBLIC_URL": "https://billing.example",
        **scratch.environment,
    }
    saas = [sys.executable, "-m", "billing_saas.cli"]
    run([*saas, "migrate"], **settings)
    await provision(scratch, key_folder)

    dumps = tmp_path / "dumps"
    dumps.mkdir()
    dump = back_up(scratch, dumps, tmp_path)
    assert not list(dumps.glob("*.partial"))
    for key in key_folder.glob("*.key"):
        assert key.read_bytes()[:32] not in dump.read_bytes()

    scratch.psql(guide("make-restored"))
    run(
        ["sh", "-euc", guide("restore")],
        PATH=f"{Path(binary('psql')).parent}:{os.environ['PATH']}",
        DUMP=str(dump),
        RESTORE_URL=scratch.plain_url("billing_migrator", "billing_restored"),
    )
    assert contents(scratch, "billing_restored") == contents(scratch, "billing")
    assert contents(scratch, "billing")["practice"] == 1

    # In production's words: what comes back has its walls, its owner and its limits.
    restored = {
        name: text.replace("/billing?", "/billing_restored?") for name, text in settings.items()
    }
    commands = guide("after-restore").splitlines()
    assert commands == ["billing-saas migrate", "billing-saas doctor"]
    run([*saas, "migrate"], **restored)
    told = doctor(saas, restored)
    faults = [line.strip() for line in told.splitlines() if line.startswith("[FAULT]")]
    # A test runs from a checkout: that, and nothing about the database.
    assert faults == ["[FAULT] The sandbox is not installed"]


def doctor(saas: list[str], settings: dict[str, str]) -> str:
    return run(["sh", "-c", '"$@" || true', "sh", *saas, "doctor"], **settings)


async def provision(scratch: Scratch, key_folder: Path) -> None:
    urls = Urls(
        app=scratch.url("billing_app"),
        platform=scratch.url("billing_platform"),
        company_reader=scratch.url("billing_company_reader"),
        migrator="",
    )
    database = Database(urls, KeyFolder(key_folder), pool_size=2)
    company = await provisioning.add_company(database, "Acme Billing")
    await provisioning.add_practice(database, OPERATOR, company, ELM, journal.open_book)
    await database.close()


def back_up(scratch: Scratch, dumps: Path, tmp_path: Path) -> Path:
    """By the script that the chart's CronJob runs, with a dump of last year to be dropped."""
    old = dumps / "billing-20250101T000000Z.dump"
    old.touch()
    year_ago = time.time() - 365 * 86_400
    os.utime(old, (year_ago, year_ago))
    login = tmp_path / "backup-url"
    login.write_text(scratch.plain_url("billing_backup"))
    script = ROOT / "helm" / "billing-saas" / "files" / "backup.sh"
    run(
        ["sh", "-euc", script.read_text()],
        PATH=f"{Path(binary('psql')).parent}:{os.environ['PATH']}",
        BACKUP_FOLDER=str(dumps),
        BACKUP_KEEP_DAYS="35",
        BACKUP_URL_FILE=str(login),
    )
    (dump,) = dumps.glob("billing-*.dump")
    assert dump != old
    assert dump.stat().st_mode & 0o077 == 0
    return dump


def contents(scratch: Scratch, database: str) -> dict[str, int]:
    """Rows of every table, asked by who sees them all."""
    counted = {}
    with psycopg.connect(scratch.cluster.url(SUPERUSER, database)) as db:
        tables = db.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p')"
            " AND relnamespace IN ('public'::regnamespace, 'dramatiq'::regnamespace)"
        ).fetchall()
        for (table,) in tables:
            row = db.execute(f"SELECT count(*) FROM {table}").fetchone()
            assert row is not None
            counted[table] = row[0]
    return counted


def test_a_role_below_the_policies_makes_no_dump(scratch: Scratch, tmp_path: Path) -> None:
    # A dump that silently misses rows would be found on the day it is needed.
    settings = {"BILLING_KEY_FOLDER": str(tmp_path / "keys"), **scratch.environment}
    run([sys.executable, "-m", "billing_saas.cli", "migrate"], **settings)
    with psycopg.connect(scratch.cluster.url(SUPERUSER), autocommit=True) as db:
        db.execute("ALTER ROLE billing_backup NOBYPASSRLS")
    with pytest.raises(AssertionError, match="row-level security"):
        back_up(scratch, tmp_path, tmp_path)
