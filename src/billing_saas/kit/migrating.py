"""Bring a database to the newest schema. Safe to run twice, and by two processes at once."""

import functools
from pathlib import Path

from alembic import command
from alembic.config import Config

import billing_saas

LOGIN_ROLES = ("billing_app", "billing_platform", "billing_company_reader", "billing_sealer")


def migrations_folder() -> Path:
    """Inside the installed package, or at the top of a checkout."""
    package = Path(billing_saas.__file__).parent
    # Under a folder of its own, because the versions import `migrations.security` by that name.
    installed = package / "_migrations" / "migrations"
    return installed if installed.exists() else package.parent.parent / "migrations"


def configuration(url: str) -> Config:
    """`url` is the migrator's: a role that may become `billing_owner` and may create roles."""
    folder = migrations_folder()
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("prepend_sys_path", str(folder.parent))
    config.attributes["url"] = url
    return config


@functools.cache
def newest() -> str:
    """The revision that this version's schema ends with; revisions are numbered in order."""
    return max(path.name[:4] for path in (migrations_folder() / "versions").glob("[0-9]*.py"))


def migrate(url: str) -> None:
    command.upgrade(configuration(url), "head")
