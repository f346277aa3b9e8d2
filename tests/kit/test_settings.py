"""Settings that production refuses, each planted alone, and named with all the others at once."""

from pathlib import Path
from typing import Any

import pytest

from billing_saas.kit import settings
from billing_saas.kit.settings import BadSettings

_TLS = "?sslmode=verify-full&sslrootcert=system"
SAFE = {
    "BILLING_ENVIRONMENT": "production",
    "BILLING_DATA": "/var/lib/billing-saas",
    "BILLING_PUBLIC_URL": "https://billing.example.test",
    "BILLING_KEY_FOLDER": "/var/lib/billing-keys/keys",
    "BILLING_DATABASE_URL": f"postgresql://billing_app:u8Zk2-vQp61_mXw9Lr@db/billing{_TLS}",
    "BILLING_PLATFORM_DATABASE_URL": (
        f"postgresql://billing_platform:Yq7_tR0aKc53-hNf2e@db/billing{_TLS}"
    ),
    "BILLING_COMPANY_READER_DATABASE_URL": (
        f"postgresql://billing_company_reader:b4Wd-9sJx_Gm61oPzV@db/billing{_TLS}"
    ),
}


def faults(*, sandbox: bool = False, **changed: str) -> list[str]:
    """Of the safe settings with these changes."""
    environ = SAFE | {f"BILLING_{name.upper()}": text for name, text in changed.items()}
    return faults_of(environ, sandbox=sandbox)


def faults_of(environ: dict[str, str], *, sandbox: bool = False) -> list[str]:
    def importable(package: str) -> bool:
        return sandbox and package == "billing_sandbox"

    try:
        settings.load(environ, importable)
    except BadSettings as error:
        return error.faults
    return []


def app(password: str, query: str = _TLS) -> str:
    return f"postgresql://billing_app:{password}@db/billing{query}"


def test_safe_settings_start() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "is missing"),
        ("postgres", "is a default"),
        ("ChangeMe123!", "is a default"),
        ("billing_app", "is a default"),
        ("u8Zk2-vQp61_mXw", "is shorter than 16 characters"),
        ("abababababababababababab", "repeats a few characters"),
        ("Yq7_tR0aKc53-hNf2e", None),
    ],
)
def test_a_default_or_short_secret(password: str, reason: str | None) -> None:
    found = faults(database_url=app(password))
    if reason is None:  # the platform role's own
        assert found == [
            "BILLING_PLATFORM_DATABASE_URL: its password is the one of BILLING_DATABASE_URL"
        ]
    else:
        assert found == [f"BILLING_DATABASE_URL: its password {reason}"]


def test_a_client_certificate_stands_in_for_a_password() -> None:
    query = f"{_TLS}&sslcert=/tls/tls.crt&sslkey=/tls/tls.key"
    assert faults(database_url=f"postgresql://billing_app@db/billing{query}") == []


def test_the_broker_may_be_the_same_database() -> None:
    assert faults(broker_url=SAFE["BILLING_PLATFORM_DATABASE_URL"]) == []


@pytest.mark.parametrize("query", ["", "?sslmode=require", "?sslmode=verify-ca&sslrootcert=system"])
def test_no_tls_to_the_database(query: str) -> None:
    (fault,) = faults(database_url=app("u8Zk2-vQp61_mXw9Lr", query))
    assert fault.startswith("BILLING_DATABASE_URL: no TLS that checks the server")


def test_an_authority_is_named() -> None:
    # Without it libpq looks in a home folder, which a container does not have.
    (fault,) = faults(database_url=app("u8Zk2-vQp61_mXw9Lr", "?sslmode=verify-full"))
    assert fault.startswith("BILLING_DATABASE_URL: sslrootcert must name")


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("rediss://:Zt5_kP93vb-QwM1xAo@cache/0", None),
        ("rediss://:Zt5_kP93vb-QwM1xAo@cache/0?ssl_ca_certs=/tls/ca.crt", None),
        ("redis://:Zt5_kP93vb-QwM1xAo@cache/0", "no TLS (its scheme must be rediss"),
        ("rediss://:Zt5_kP93vb-QwM1xAo@cache/0?ssl_cert_reqs=none", "its server need not prove"),
        ("rediss://:Zt5_kP93vb-QwM1xAo@cache/0?ssl_check_hostname=no", "its server's name is not"),
        ("rediss://cache/0", "its password is missing"),
        ("rediss://:secret@cache/0", "its password is a default"),
    ],
)
def test_a_broker_by_redis(address: str, reason: str | None) -> None:
    found = faults(broker_url=address)
    if reason is None:
        assert found == []
    else:
        (fault,) = found
        assert fault.startswith(f"BILLING_BROKER_URL: {reason}")


def test_a_broker_that_nobody_speaks_to() -> None:
    with pytest.raises(BadSettings, match="BILLING_BROKER_URL: must start with postgresql://, re"):
        settings.read({"BILLING_BROKER_URL": "amqps://user:password@cache/0"})


@pytest.mark.parametrize(
    ("keys", "data"),
    [
        ("/var/lib/billing-saas/keys", "/var/lib/billing-saas"),
        ("/var/lib/billing-saas/../billing-saas/k", "/var/lib/billing-saas"),
        ("/var/lib/billing-saas", "/var/lib/billing-saas"),
        ("/var/lib", "/var/lib/billing-saas"),
    ],
)
def test_the_key_folder_beside_the_data(keys: str, data: str) -> None:
    assert faults(key_folder=keys, data=data) == [
        "BILLING_KEY_FOLDER: must not lie in the data folder, nor hold it"
    ]


def test_a_link_does_not_hide_where_the_keys_lie(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").symlink_to(tmp_path / "data")
    assert faults(key_folder=str(tmp_path / "elsewhere" / "keys"), data=str(tmp_path / "data"))


def test_the_sandbox_installed() -> None:
    assert faults(sandbox=True) == ["billing_sandbox: can be imported here"]


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("BILLING_LOG_LEVEL", "DEBUG"),
        ("BILLING_FAULT_POINT", "somewhere:1"),
        ("PYTHONASYNCIODEBUG", "1"),
        ("PYTHONDEVMODE", "1"),
        ("LITESTAR_DEBUG", "true"),
        ("LITESTAR_PDB", "1"),
    ],
)
def test_debug_on(variable: str, text: str) -> None:
    (fault,) = faults_of(SAFE | {variable: text})
    assert fault.startswith(variable)
    assert faults_of(SAFE | {variable: ""}) == []


def test_the_embedded_database() -> None:
    environ = {name: text for name, text in SAFE.items() if "DATABASE_URL" not in name}
    assert faults_of(environ) == [
        "BILLING_DATABASE_URL: missing (no embedded PostgreSQL in production)"
    ]


def test_each_fault_is_named_at_once() -> None:
    found = faults(
        sandbox=True,
        database_url=app("postgres", ""),
        key_folder="/var/lib/billing-saas/keys",
        log_level="DEBUG",
    )
    assert len(found) == 5


def test_development_does_not_mind() -> None:
    environ = {"BILLING_LOG_LEVEL": "DEBUG", "BILLING_DATABASE_URL": "postgresql://a@b/c"}
    environ |= {
        "BILLING_PLATFORM_DATABASE_URL": "postgresql://a@b/c",
        "BILLING_COMPANY_READER_DATABASE_URL": "postgresql://a@b/c",
    }
    assert faults_of(environ, sandbox=True) == []


def test_what_is_unknown_or_malformed_is_named() -> None:
    assert faults(colour="red", port="70000", host="0.0.0.0", database_patience="soon") == [
        "BILLING_COLOUR: no such setting",
        "BILLING_DATABASE_PATIENCE: must be 0 to 3600 seconds",
        "BILLING_PORT: must be a port number",
    ]


def test_an_address_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(SAFE["BILLING_DATABASE_URL"] + "\n")
    environ = {**SAFE, "BILLING_DATABASE_URL_FILE": str(tmp_path / "url")}
    assert faults_of(environ) == [
        "BILLING_DATABASE_URL: given both itself and as BILLING_DATABASE_URL_FILE"
    ]
    del environ["BILLING_DATABASE_URL"]
    assert settings.load(environ, lambda _: False).database_url == SAFE["BILLING_DATABASE_URL"]
    environ["BILLING_DATABASE_URL_FILE"] = str(tmp_path / "nowhere")
    assert "BILLING_DATABASE_URL_FILE: cannot be read (FileNotFoundError)" in faults_of(environ)


def test_where_files_are_kept() -> None:
    assert settings.read({}).blobs == ""
    for address in (
        "s3://sealed-files/house",
        "s3://sealed?region=us-east-1",
        "s3://sealed/house?region=us-east-1&endpoint=https://objects.internal:9000",
    ):
        assert settings.read({"BILLING_BLOBS": address}).blobs == address


@pytest.mark.parametrize(
    "address",
    [
        "/srv/files",
        "s3://",
        "s3://key:secret@sealed",
        "s3://Sealed",
        "s3://sealed?endpoint=ftp://x",
    ],
)
def test_files_that_nobody_can_keep(address: str) -> None:
    with pytest.raises(BadSettings, match="BILLING_BLOBS"):
        settings.read({"BILLING_BLOBS": address})


def test_who_holds_the_keys() -> None:
    at = settings.read({"BILLING_DATA": "/srv/data"})
    assert at.key_provider == "folder:///srv/data/keys"
    at = settings.read({"BILLING_KEY_FOLDER": "/srv/keys"})
    assert (at.key_provider, at.keys_on_disk) == ("folder:///srv/keys", Path("/srv/keys"))
    at = settings.read({"BILLING_KEYS": "folder:///srv/keys"})
    assert at.keys_on_disk == Path("/srv/keys")
    at = settings.read({"BILLING_KEYS": "awskms://us-east-1/alias/billing"})
    assert (at.key_provider, at.keys_on_disk) == ("awskms://us-east-1/alias/billing", None)


@pytest.mark.parametrize(
    "environ",
    [
        {"BILLING_KEYS": "/srv/keys"},
        {"BILLING_KEYS": "vault://here"},
        {"BILLING_KEYS": "awskms://us-east-1/alias/aws/ours"},
        {"BILLING_KEYS": "awskms://us-east-1/alias/a", "BILLING_KEY_FOLDER": "/srv/keys"},
    ],
)
def test_keys_that_nobody_can_hold(environ: dict[str, str]) -> None:
    with pytest.raises(BadSettings, match="BILLING_KEYS"):
        settings.read(environ)


@pytest.mark.parametrize("address", ["", "http://billing.example.test"])
def test_production_has_an_address_over_tls(address: str) -> None:
    (fault,) = faults(public_url=address)
    assert fault.startswith("BILLING_PUBLIC_URL: must be https")


_STRIPE: dict[str, Any] = {
    "stripe_key": "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "stripe_webhook_secret": "whsec_Zk2vQp61mXw8tR0aKc53hNf2e",
}


def test_cards_are_taken_with_a_live_key() -> None:
    assert faults(**_STRIPE) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"stripe_key": "sk_test_4eC39HqLyjWDarjtT1zdp7dc"}, "a key of Stripe's test mode"),
        ({"stripe_key": "rk_test_4eC39HqLyjWDarjtT1zdp7dc"}, "a key of Stripe's test mode"),
        ({"stripe_key": "pk_live_4eC39HqLyjWDarjtT1zdp7dc"}, "must be a secret or restricted key"),
        ({"stripe_api": "http://localhost:12111"}, "not Stripe's own address"),
        ({"stripe_api": "https://api.stripe.com/x"}, "must be http://name:port"),
        ({"stripe_webhook_secret": "secret"}, "must begin with whsec_"),
        ({"stripe_webhook_secret": ""}, "needed with BILLING_STRIPE_KEY"),
    ],
)
def test_money_that_is_not_real_is_refused(changed: dict[str, Any], fault: str) -> None:
    (found,) = faults(**{**_STRIPE, **changed})
    assert fault in found


def test_in_development_a_sandbox_takes_cards(tmp_path: Path) -> None:
    secret = tmp_path / "stripe-key"
    secret.write_text("sk_test_4eC39HqLyjWDarjtT1zdp7dc\n")
    read = settings.load(
        {
            "BILLING_STRIPE_KEY_FILE": str(secret),
            "BILLING_STRIPE_WEBHOOK_SECRET": _STRIPE["stripe_webhook_secret"],
            "BILLING_STRIPE_API": "http://127.0.0.1:12111",
        }
    )
    assert read.stripe_key.startswith("sk_test_")
