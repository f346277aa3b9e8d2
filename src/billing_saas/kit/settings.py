"""Settings come from the environment, all with the prefix `BILLING_`, and are checked as a whole.

An unknown, malformed or unsafe one is named at start, all at once; nothing is read later.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path


class BadSettings(Exception):
    """The process may not start; `faults` says why, each naming its variable."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _default_data_folder() -> Path:
    # PostgreSQL refuses to run as root, and the user it then runs as cannot enter root's home.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/billing-saas")
    root = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(root) / "billing-saas"


@dataclass(frozen=True, slots=True)
class Settings:
    environment: str = "development"
    """`development` or `production`."""
    data: Path = field(default_factory=_default_data_folder)
    """Folder of the embedded database and the key folder."""
    database_url: str = ""
    """Empty: the embedded PostgreSQL. Otherwise the application role's address; see `roles`."""
    platform_database_url: str = ""
    company_reader_database_url: str = ""
    migrator_database_url: str = ""
    key_folder: Path | None = None
    """Folder of the key-encryption keys; by default `keys` under `data`."""
    broker_url: str = ""
    """Empty: the PostgreSQL broker in the same database."""
    host: str = "127.0.0.1"
    port: int = 8000
    postgres_bin: Path | None = None
    """Folder of other PostgreSQL binaries, in place of the embedded ones."""
    fault_point: str = ""
    """Development only: where a chaos test kills the process (see `kit.points`)."""
    log_level: str = "INFO"

    @property
    def keys(self) -> Path:
        return self.key_folder or self.data / "keys"

    @property
    def embedded(self) -> bool:
        return not self.database_url


PREFIX = "BILLING_"


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read and check every setting, or raise `BadSettings` naming each fault."""
    environ = os.environ if environ is None else environ
    known = {f"{PREFIX}{f.name.upper()}": f.name for f in fields(Settings)}
    faults: list[str] = []
    values: dict[str, str | int | Path] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX):
            continue
        name = known.get(variable)
        if name is None:
            faults.append(f"{variable}: no such setting")
        elif text:
            _read_one(variable, name, text, values, faults)
    if faults:
        raise BadSettings(sorted(faults))
    settings = Settings(**values)  # type: ignore[arg-type]  # _read_one converted each by its name
    faults = _unsafe(settings)
    if faults:
        raise BadSettings(sorted(faults))
    return settings


_PATHS = {"data", "key_folder", "postgres_bin"}
_CHOICES = {
    "environment": {"development", "production"},
    "log_level": {"DEBUG", "INFO", "WARNING", "ERROR"},
}
_URLS = {
    "database_url",
    "platform_database_url",
    "company_reader_database_url",
    "migrator_database_url",
}


def _read_one(
    variable: str, name: str, text: str, values: dict[str, str | int | Path], faults: list[str]
) -> None:
    if name in _PATHS:
        values[name] = Path(text).expanduser().absolute()
    elif name == "port":
        if not (text.isascii() and text.isdigit() and 0 <= int(text) <= 65535):
            faults.append(f"{variable}: must be a port number")
        else:
            values[name] = int(text)
    elif name in _CHOICES and text not in _CHOICES[name]:
        faults.append(f"{variable}: must be one of {', '.join(sorted(_CHOICES[name]))}")
    elif name in _URLS and not text.startswith("postgresql://"):
        faults.append(f"{variable}: must start with postgresql://")
    else:
        values[name] = text


def _unsafe(settings: Settings) -> list[str]:
    faults = []
    if not settings.embedded:
        faults += [
            f"{PREFIX}{name.upper()}: needed when {PREFIX}DATABASE_URL is set"
            for name in sorted(_URLS - {"database_url"})
            if not getattr(settings, name)
        ]
    if settings.environment == "production":
        if settings.embedded:
            faults.append(f"{PREFIX}DATABASE_URL: missing (no embedded PostgreSQL in production)")
        if settings.fault_point:
            faults.append(f"{PREFIX}FAULT_POINT: not in production")
        if settings.keys.is_relative_to(settings.data):
            faults.append(f"{PREFIX}KEY_FOLDER: must not lie in the data folder")
    return faults
