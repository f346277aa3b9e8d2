"""What production refuses, seen from the settings alone; `kit.inspecting` asks the database.

Each check answers with one `Finding`, so that `billing-saas doctor` can show what is well, too. No
finding quotes a secret.
"""

import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    """What is looked at, such as "The sandbox is not installed"."""
    faults: tuple[str, ...]
    """Empty: it is well. Otherwise what is wrong, each beginning with the place."""
    mend: str
    is_refused: bool = True
    """False: production starts all the same, and `doctor` says what is not well."""


SHORTEST_SECRET = 16
# Passwords that tutorials, charts and images ship with, and what they are made of.
_DEFAULTS = {"admin", "billing", "changeme", "default", "example", "password", "postgres", "secret"}
# Each of these makes Python or the framework tell callers or logs more than they should learn.
_DEBUG_SWITCHES = ("LITESTAR_DEBUG", "LITESTAR_PDB", "PYTHONASYNCIODEBUG", "PYTHONDEVMODE")


def importable(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def no_embedded_database(database_url: str) -> Finding:
    return Finding(
        "The database is a server of its own",
        ()
        if database_url
        else ("BILLING_DATABASE_URL: missing (no embedded PostgreSQL in production)",),
        "Set BILLING_DATABASE_URL and its siblings to a PostgreSQL 16 or newer.",
    )


def secrets(urls: Mapping[str, str]) -> Finding:
    """Every address has a password of its own, neither short nor known to everyone."""
    faults = []
    seen: dict[str, str] = {}
    for variable, url in urls.items():
        password = unquote(urlsplit(url).password or "")
        if not password and _query(url).get("sslcert"):
            continue  # the client's certificate stands in
        reason = _weakness(password, unquote(urlsplit(url).username or ""))
        # The broker may be the same database under the same role.
        if (
            not reason
            and password in seen
            and "BILLING_BROKER_URL" not in (variable, seen[password])
        ):
            reason = f"is the one of {seen[password]}"
        seen.setdefault(password, variable)
        if reason:
            faults.append(f"{variable}: its password {reason}")
    return Finding(
        "Each secret is long and its own",
        tuple(faults),
        "Make one for each role: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'.",
    )


def _weakness(password: str, user: str) -> str:
    bare = password.lower().strip("0123456789!@#$%.-_ ")
    if not password:
        return "is missing"
    if bare in _DEFAULTS | {user.lower()} or password.lower() == user.lower():
        return "is a default"
    if len(password) < SHORTEST_SECRET:
        return f"is shorter than {SHORTEST_SECRET} characters"
    if len(set(password)) < 8:
        return "repeats a few characters"
    return ""


def encrypted(urls: Mapping[str, str]) -> Finding:
    """Every address asks for TLS and for a server that proves its name."""
    faults = []
    for variable, url in urls.items():
        query = _query(url)
        if urlsplit(url).scheme != "postgresql":
            faults += [f"{variable}: {fault}" for fault in _redis_faults(url)]
        elif query.get("sslmode") != "verify-full":
            faults.append(
                f"{variable}: no TLS that checks the server (sslmode must be verify-full)"
            )
        elif not query.get("sslrootcert"):
            faults.append(
                f"{variable}: sslrootcert must name the file of the authority, or be system"
            )
    return Finding(
        "Every connection is encrypted to a server that proves its name",
        tuple(faults),
        "Append ?sslmode=verify-full&sslrootcert=/path/to/ca.crt to an address of PostgreSQL;"
        " begin one of Redis with rediss://, and append ?ssl_ca_certs=/path/to/ca.crt.",
    )


def _redis_faults(url: str) -> list[str]:
    """The client checks the server's certificate and name unless the address tells it not to."""
    if urlsplit(url).scheme != "rediss":
        return [
            "no TLS (its scheme must be rediss: a bell names a job, and who may ring may flood)"
        ]
    query = _query(url)
    faults = []
    if query.get("ssl_cert_reqs", "required") != "required":
        faults.append("its server need not prove itself (ssl_cert_reqs must be required)")
    if query.get("ssl_check_hostname", "true").lower() not in ("1", "true", "yes"):
        faults.append("its server's name is not checked (ssl_check_hostname must be true)")
    return faults


def _query(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}


def keys_apart(keys: Path | None, data: Path) -> Finding:
    """One folder inside the other would end in one backup: the keys beside what they protect."""
    beside = False
    if keys is not None:
        keys, data = keys.resolve(), data.resolve()
        beside = keys.is_relative_to(data) or data.is_relative_to(keys)
    return Finding(
        "The key folder lies apart from the data",
        ("BILLING_KEY_FOLDER: must not lie in the data folder, nor hold it",) if beside else (),
        "Set BILLING_KEY_FOLDER to a volume that no backup of the database includes.",
    )


def keys_over_tls(provider: str) -> Finding:
    return Finding(
        "The key provider is reached over TLS",
        ("BILLING_KEYS: its endpoint is not https",) if "endpoint=http:" in provider else (),
        "Leave the endpoint out: AWS has one per region.",
    )


def files_over_tls(store: str) -> Finding:
    return Finding(
        "The object store is reached over TLS",
        ("BILLING_BLOBS: its endpoint is not https",) if "endpoint=http:" in store else (),
        "Leave the endpoint out for S3, or give one that begins with https://.",
    )


def people_over_tls(public_url: str, mail: str, texts_url: str = "") -> Finding:
    """Cookies, passkeys and the links in letters are worth no more than the way they take."""
    faults = []
    if not public_url.startswith("https://"):
        faults.append("BILLING_PUBLIC_URL: must be https://…, or cookies are not kept to TLS")
    if mail and "tls=off" in mail:
        faults.append("BILLING_MAIL: letters with links would leave in the clear")
    if texts_url.startswith("http:"):
        faults.append("BILLING_TEXTS_URL: texts with links would leave in the clear")
    return Finding(
        "People and their letters come and go over TLS",
        tuple(faults),
        "Give BILLING_PUBLIC_URL as https://… and BILLING_MAIL without tls=off.",
    )


def real_money(stripe_key: str, stripe_api: str) -> Finding:
    """A test key takes no money, and believes events that anybody's test mode can make."""
    faults = []
    if "k_test_" in stripe_key[:8]:
        faults.append("BILLING_STRIPE_KEY: a key of Stripe's test mode")
    if stripe_api and stripe_api != "https://api.stripe.com":
        faults.append("BILLING_STRIPE_API: not Stripe's own address")
    return Finding(
        "Payments are real",
        tuple(faults),
        "Give BILLING_STRIPE_KEY as sk_live_… and leave BILLING_STRIPE_API out.",
    )


def no_sandbox(importable: Callable[[str], bool]) -> Finding:
    return Finding(
        "The sandbox is not installed",
        ("billing_sandbox: can be imported here",) if importable("billing_sandbox") else (),
        "Install the wheel, which has no sandbox, instead of a checkout.",
    )


def no_debugging(log_level: str, fault_point: str, environ: Mapping[str, str]) -> Finding:
    faults = []
    if log_level == "DEBUG":
        faults.append("BILLING_LOG_LEVEL: DEBUG is not for production")
    if fault_point:
        faults.append("BILLING_FAULT_POINT: not in production")
    faults += [
        f"{switch}: debugging is on"
        for switch in _DEBUG_SWITCHES
        if environ.get(switch, "").lower() not in ("", "0", "false")
    ]
    if sys.flags.dev_mode and "PYTHONDEVMODE: debugging is on" not in faults:
        faults.append("python -X dev: debugging is on")
    return Finding(
        "Debugging is off",
        tuple(faults),
        f"Unset BILLING_FAULT_POINT and {', '.join(_DEBUG_SWITCHES)}; log at INFO or above.",
    )
