"""Settings come from the environment, all with the prefix `BILLING_`, and are checked as a whole.

An unknown, malformed or unsafe one is named at start, all at once; nothing is read later. An address
with a password may lie in a file instead: `BILLING_DATABASE_URL_FILE` names it.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from billing_saas.kit import safety


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
    sealer_database_url: str = ""
    """For the process that seals the audit trail, and for `billing-saas audit`."""
    audit_anchor: str = ""
    """Where heads of the audit trail are put beside the database: `file:///path` or `s3://bucket/prefix`."""
    keys: str = ""
    """Who holds the key-encryption keys: `folder:///path`, or `awskms://region/alias/prefix` for AWS KMS.
    Empty: the key folder."""
    key_folder: Path | None = None
    """Folder of the key-encryption keys; by default `keys` under `data`. The same as `folder://` of it."""
    blobs: str = ""
    """Where files are kept, sealed: `s3://bucket/prefix?region=…&endpoint=…`. Empty: in the database."""
    broker_url: str = ""
    """Empty: the PostgreSQL broker in the same database. Else redis://, rediss:// or postgresql://."""
    jobs_kept_days: int = 14
    """How long jobs that were done are kept; dead letters stay until a person sees to them."""
    host: str = "127.0.0.1"
    port: int = 8000
    processes: int = 1
    """Server processes of `serve` on this port; a cluster rather runs more pods."""
    postgres_bin: Path | None = None
    """Folder of other PostgreSQL binaries, in place of the embedded ones."""
    database_patience: int = 60
    """Seconds to wait at start for a database that is not there yet."""
    heartbeat_file: Path | None = None
    """A worker touches it every few seconds, for a probe that has no port to ask."""
    allowed_hosts: str = ""
    """Names that the API answers to, separated by commas; `.example.com` means all below. Empty: any."""
    trusted_proxies: str = ""
    """Addresses or networks, separated by commas, whose X-Forwarded-For is believed."""
    rate_limit_url: str = ""
    """Where requests are counted: redis:// or rediss://. Empty: in the database."""
    requests_per_address: int = 3000
    """A minute, for each address (IPv4) or /64 (IPv6); 0: no limit. The same for the next two."""
    requests_per_person: int = 1200
    requests_per_practice: int = 6000
    public_url: str = ""
    """By which name people reach us: https://billing.example.com. Passkeys are made for it, and links
    in letters lead there. Empty: http://localhost and the port, for development."""
    portal_url: str = ""
    """By which name patients reach us: https://pay.example.com, a host of its own. Links in messages lead
    there. Empty: the same as `public_url`."""
    mail: str = ""
    """How letters leave: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465.
    Empty: into the folder `mail` under `data`, for development."""
    mail_from: str = ""
    """The address that letters come from."""
    mail_bounces: str = ""
    """The domain that undelivered letters to patients come back to; all that is sent there is piped to
    `billing-saas messages returned` or posted to `/hooks/mail/returned`. Empty: they are not seen."""
    mail_hook_secret: str = ""
    """With which whoever posts to `/hooks/mail/returned` signs. Empty: nobody may."""
    texts_url: str = "https://api.twilio.com"
    """Who carries texts, in Twilio's shape; with the account and its token. Without an account: into the
    folder `texts` under `data`, for development."""
    texts_account: str = ""
    texts_token: str = ""
    stripe_key: str = ""
    """The platform's secret key at Stripe (Connect): sk_live_… in production, sk_test_… elsewhere. Empty:
    no card is taken."""
    stripe_webhook_secret: str = ""
    """With which Stripe signs what it posts to `/hooks/stripe`: whsec_…"""
    stripe_api: str = ""
    """Another address than Stripe's, such as the sandbox's; never in production."""
    breached_passwords: Path | None = None
    """Passwords nobody may use: a folder of SHA-1 by five first digits, or one sorted file."""
    inner_hosts: str = ""
    """Hosts (`name` or `name:port`), separated by commas, inside our own network or of no public
    address, that an identity provider may stand on. All others must be of the public Internet."""
    pooler: str = ""
    """`transaction`: the addresses lead to a pooler in transaction mode, such as pgbouncer."""
    metrics_address: str = "127.0.0.1"
    metrics_port: int = 0
    """Where this process serves its metrics; 0: nowhere. Several server processes count up from it."""
    tracing: str = ""
    """Where traces go: OTLP over HTTP, such as http://collector:4318/v1/traces. Empty: nowhere."""
    fault_point: str = ""
    """Development only: where a chaos test kills the process (see `kit.points`)."""
    log_level: str = "INFO"

    @property
    def key_provider(self) -> str:
        return self.keys or f"folder://{self.key_folder or self.data / 'keys'}"

    @property
    def keys_on_disk(self) -> Path | None:
        """The folder of the keys, where they are in one."""
        scheme, _, path = self.key_provider.partition("://")
        return Path(path) if scheme == "folder" else None

    @property
    def site(self) -> str:
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def portal_site(self) -> str:
        return self.portal_url or self.site

    @property
    def embedded(self) -> bool:
        return not self.database_url


PREFIX = "BILLING_"


def load(
    environ: Mapping[str, str] | None = None,
    importable: Callable[[str], bool] = safety.importable,
) -> Settings:
    """Read and check every setting, or raise `BadSettings` naming each fault."""
    environ = os.environ if environ is None else environ
    settings = read(environ)
    faults = []
    if settings.environment == "production":
        found = production_findings(settings, environ, importable)
        faults = [fault for finding in found for fault in finding.faults]
    if faults:
        raise BadSettings(sorted(faults))
    return settings


def read(environ: Mapping[str, str]) -> Settings:
    """Read every setting, safe for production or not."""
    known = {f"{PREFIX}{f.name.upper()}": f.name for f in fields(Settings)}
    faults: list[str] = []
    values: dict[str, str | int | Path] = {}
    for variable, text in _with_files(environ, faults).items():
        name = known.get(variable)
        if name is None:
            faults.append(f"{variable}: no such setting")
        elif text:
            _read_one(variable, name, text, values, faults)
    if faults:
        raise BadSettings(sorted(faults))
    settings = Settings(**values)  # type: ignore[arg-type]  # _read_one converted each by its name
    faults = _incomplete(settings)
    if faults:
        raise BadSettings(sorted(faults))
    return settings


def _with_files(environ: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """Our variables, those that lie in files read from there: a file, unlike the environment, is
    not inherited by every child, nor shown by `docker inspect`."""
    given = {variable: text for variable, text in environ.items() if variable.startswith(PREFIX)}
    for name in sorted(_URLS | _SECRETS | {"broker_url", "mail", "rate_limit_url"}):
        variable = f"{PREFIX}{name.upper()}"
        path = given.pop(f"{variable}_FILE", "")
        if not path:
            continue
        if given.get(variable):
            faults.append(f"{variable}: given both itself and as {variable}_FILE")
            continue
        try:
            given[variable] = Path(path).read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{variable}_FILE: cannot be read ({type(error).__name__})")
    return given


_PATHS = {"data", "key_folder", "postgres_bin", "heartbeat_file", "breached_passwords"}
_NUMBERS = {
    "port": (0, 65535, "a port number"),
    "metrics_port": (0, 65535, "a port number"),
    "processes": (1, 64, "1 to 64"),
    "jobs_kept_days": (1, 3650, "1 to 3650 days"),
    "requests_per_address": (0, 1_000_000, "0 to 1000000"),
    "requests_per_person": (0, 1_000_000, "0 to 1000000"),
    "requests_per_practice": (0, 1_000_000, "0 to 1000000"),
    "database_patience": (0, 3600, "0 to 3600 seconds"),
}
_CHOICES = {
    "environment": {"development", "production"},
    "log_level": {"DEBUG", "INFO", "WARNING", "ERROR"},
    "pooler": {"transaction"},
}
_BROKERS = ("postgresql://", "redis://", "rediss://")
_URLS = {
    "database_url",
    "platform_database_url",
    "company_reader_database_url",
    "migrator_database_url",
    "sealer_database_url",
}


_SECRETS = {"mail_hook_secret", "stripe_key", "stripe_webhook_secret", "texts_token"}
_KEYS = re.compile(
    r"folder:///[^?#]+|awskms://[a-z0-9-]+/alias/(?!aws/)[A-Za-z0-9/_-]+(\?endpoint=https?://[^&?#]+)?"
)


_BLOBS = re.compile(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?"
    r"(\?(region=[a-z0-9-]+|endpoint=https?://[^&?#]+)(&(region=[a-z0-9-]+|endpoint=https?://[^&?#]+))?)?"
)


_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


_ACCOUNT = re.compile(r"[A-Za-z0-9]{1,64}")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_SHORTEST_SECRET = 32
_STRIPE_KEY = re.compile(r"[sr]k_(live|test)_[A-Za-z0-9_]{8,300}")


def _read_one(
    variable: str, name: str, text: str, values: dict[str, str | int | Path], faults: list[str]
) -> None:
    if name in _PATHS:
        values[name] = Path(text).expanduser().absolute()
    elif name in _NUMBERS:
        least, most, what = _NUMBERS[name]
        if not (text.isascii() and text.isdigit() and least <= int(text[:9]) <= most):
            faults.append(f"{variable}: must be {what}")
        else:
            values[name] = int(text)
    elif name in _CHOICES and text not in _CHOICES[name]:
        faults.append(f"{variable}: must be one of {', '.join(sorted(_CHOICES[name]))}")
    elif name == "audit_anchor" and not text.startswith(("file:///", "s3://")):
        faults.append(f"{variable}: must start with file:/// or s3://")
    elif name == "keys" and not _KEYS.fullmatch(text):
        faults.append(f"{variable}: must be folder:///path or awskms://region/alias/prefix")
    elif name == "blobs" and not _BLOBS.fullmatch(text):
        faults.append(f"{variable}: must be s3://bucket/prefix?region=…&endpoint=https://…")
    elif name in _URLS and not text.startswith("postgresql://"):
        faults.append(f"{variable}: must start with postgresql://")
    elif name == "broker_url" and not text.startswith(_BROKERS):
        faults.append(f"{variable}: must start with {', '.join(_BROKERS)}")
    elif name == "mail" and not text.startswith(("smtp://", "smtps://")):
        faults.append(f"{variable}: must start with smtp:// or smtps://")
    elif name == "texts_url" and not _SITE.fullmatch(text):
        faults.append(f"{variable}: must be https://name, with nothing behind it")
    elif name == "texts_account" and not _ACCOUNT.fullmatch(text):
        faults.append(f"{variable}: must be letters and digits")
    elif name == "stripe_key" and not _STRIPE_KEY.fullmatch(text):
        faults.append(f"{variable}: must be a secret or restricted key: sk_live_… or sk_test_…")
    elif name == "stripe_webhook_secret" and not text.startswith("whsec_"):
        faults.append(f"{variable}: must begin with whsec_")
    elif name == "stripe_api" and not _SITE.fullmatch(text):
        faults.append(f"{variable}: must be http://name:port, with nothing behind it")
    elif name == "mail_bounces" and not _DOMAIN.fullmatch(text):
        faults.append(f"{variable}: must be a domain of its own, such as bounces.example.com")
    elif name == "mail_hook_secret" and len(text) < _SHORTEST_SECRET:
        faults.append(f"{variable}: must have at least {_SHORTEST_SECRET} characters")
    elif name in ("public_url", "portal_url") and not _SITE.fullmatch(text):
        faults.append(f"{variable}: must be https://name, with nothing behind it")
    elif name == "rate_limit_url" and not text.startswith(("redis://", "rediss://")):
        faults.append(f"{variable}: must start with redis:// or rediss://")
    elif name == "trusted_proxies" and not _are_networks(text):
        faults.append(f"{variable}: must be addresses or networks, separated by commas")
    elif name == "tracing" and not text.startswith(("http://", "https://")):
        faults.append(f"{variable}: must start with http:// or https://")
    else:
        values[name] = text


def _are_networks(text: str) -> bool:
    try:
        return bool([ipaddress.ip_network(one.strip()) for one in text.split(",")])
    except ValueError:
        return False


def _incomplete(settings: Settings) -> list[str]:
    """The migrator's address is for `migrate` alone: who only serves should not hold it."""
    faults = []
    if settings.mail and not settings.mail_from:
        faults.append(f"{PREFIX}MAIL_FROM: needed when {PREFIX}MAIL is set")
    if settings.portal_url and settings.portal_url[:5] != settings.site[:5]:
        faults.append(f"{PREFIX}PORTAL_URL: must be https:// where {PREFIX}PUBLIC_URL is")
    if bool(settings.texts_account) != bool(settings.texts_token):
        faults.append(f"{PREFIX}TEXTS_TOKEN: needed with {PREFIX}TEXTS_ACCOUNT, and the other way")
    if bool(settings.stripe_key) != bool(settings.stripe_webhook_secret):
        faults.append(
            f"{PREFIX}STRIPE_WEBHOOK_SECRET: needed with {PREFIX}STRIPE_KEY, and the other way"
        )
    if settings.keys and settings.key_folder:
        faults.append(f"{PREFIX}KEYS: given, and {PREFIX}KEY_FOLDER as well")
    if settings.embedded:
        return faults
    return faults + [
        f"{PREFIX}{name.upper()}: needed when {PREFIX}DATABASE_URL is set"
        for name in ("company_reader_database_url", "platform_database_url")
        if not getattr(settings, name)
    ]


def production_findings(
    settings: Settings, environ: Mapping[str, str], importable: Callable[[str], bool]
) -> list[safety.Finding]:
    """What production asks of the settings alone, one finding per check."""
    urls = {
        f"{PREFIX}{name.upper()}": url
        for name in sorted(_URLS | {"broker_url", "rate_limit_url"})
        if (url := getattr(settings, name))
    }
    return [
        safety.no_embedded_database(settings.database_url),
        safety.secrets(urls),
        safety.encrypted(urls),
        safety.keys_apart(settings.keys_on_disk, settings.data),
        safety.keys_over_tls(settings.key_provider),
        safety.files_over_tls(settings.blobs),
        safety.people_over_tls(settings.public_url, settings.mail, settings.texts_url),
        safety.real_money(settings.stripe_key, settings.stripe_api),
        safety.no_sandbox(importable),
        safety.no_debugging(settings.log_level, settings.fault_point, environ),
    ]
