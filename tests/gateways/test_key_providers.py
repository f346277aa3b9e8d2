"""What every key provider promises, asked of each one."""

import asyncio
import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from billing_saas.gateways import key_provider
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.gateways.kms import KmsKeys
from billing_saas.kit.protocols import KeyProvider, KeyProviderDown, KeyRefused
from tests.fakes import MemoryKeys

NAME = "t/0198c0de-0000-7000-8000-000000000001"
OTHER = "t/0198c0de-0000-7000-8000-000000000002"
MATERIAL = bytes(range(32))
CONTEXT = b"practice|dek|1"


@pytest.fixture(scope="module")
def kms() -> Iterator[str]:
    """The address of something that speaks the protocol of AWS KMS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["key folder", "AWS KMS", "memory"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    if request.param == "memory":
        return MemoryKeys()
    if request.param == "key folder":
        return key_provider.opened(f"folder://{tmp_path / 'keys'}")
    endpoint = request.getfixturevalue("kms")
    # An alias of its own: keys of the test before are another house's.
    house = f"alias/t{secrets.token_hex(4)}"
    return key_provider.opened(f"awskms://us-east-1/{house}?endpoint={endpoint}")


def refusal(provider: KeyProvider) -> tuple[type[Exception], ...]:
    """AWS says IncorrectKeyException of what another key wrapped; what stands in for it here says
    AccessDenied, which of AWS itself means a role that is missing."""
    return (KeyRefused, KeyProviderDown) if isinstance(provider, KmsKeys) else (KeyRefused,)


async def test_what_is_wrapped_unwraps(provider: KeyProvider) -> None:
    await provider.create(NAME)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    assert MATERIAL not in wrapped
    assert await provider.unwrap(NAME, wrapped, CONTEXT) == MATERIAL


async def test_wrapping_twice_looks_different(provider: KeyProvider) -> None:
    await provider.create(NAME)
    wrapped = {await provider.wrap(NAME, MATERIAL, CONTEXT) for _ in range(50)}
    assert len(wrapped) == 50


async def test_another_context_is_refused(provider: KeyProvider) -> None:
    await provider.create(NAME)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    for context in (b"", b"practice|dek|2", CONTEXT + b"\0"):
        with pytest.raises(KeyRefused):
            await provider.unwrap(NAME, wrapped, context)


async def test_another_key_is_refused(provider: KeyProvider) -> None:
    await provider.create(NAME)
    await provider.create(OTHER)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    with pytest.raises(KeyRefused):
        await provider.unwrap(OTHER, wrapped, CONTEXT)


async def test_each_changed_byte_is_refused(provider: KeyProvider) -> None:
    await provider.create(NAME)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    for at in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[at] ^= 1 << secrets.randbelow(8)
        with pytest.raises(refusal(provider)):
            await provider.unwrap(NAME, bytes(changed), CONTEXT)


async def test_a_key_that_does_not_exist_is_refused(provider: KeyProvider) -> None:
    await provider.create(OTHER)
    with pytest.raises(KeyRefused):
        await provider.wrap(NAME, MATERIAL, CONTEXT)
    with pytest.raises(KeyRefused):
        await provider.unwrap(NAME, bytes(80), CONTEXT)


async def test_creating_again_leaves_the_key_as_it_is(provider: KeyProvider) -> None:
    await provider.create(NAME)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    await asyncio.gather(*(provider.create(NAME) for _ in range(20)))
    assert await provider.unwrap(NAME, wrapped, CONTEXT) == MATERIAL


async def test_rewrapped_is_the_same_key_in_the_same_context(provider: KeyProvider) -> None:
    await provider.create(NAME)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    rewrapped = await provider.rewrap(NAME, wrapped, CONTEXT)
    assert rewrapped != wrapped
    assert await provider.unwrap(NAME, rewrapped, CONTEXT) == MATERIAL
    with pytest.raises(KeyRefused):
        await provider.rewrap(NAME, wrapped, b"another context")


async def test_destroyed_is_for_ever(provider: KeyProvider) -> None:
    await provider.create(NAME)
    await provider.create(OTHER)
    wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
    beside = await provider.wrap(OTHER, MATERIAL, CONTEXT)
    await provider.destroy(NAME)
    with pytest.raises(KeyRefused):
        await provider.unwrap(NAME, wrapped, CONTEXT)
    await provider.create(NAME)
    with pytest.raises(refusal(provider)):
        await provider.unwrap(NAME, wrapped, CONTEXT)
    assert await provider.unwrap(OTHER, beside, CONTEXT) == MATERIAL


async def test_destroying_what_is_gone_is_no_error(provider: KeyProvider) -> None:
    await provider.create(NAME)
    await provider.destroy(NAME)
    await provider.destroy(NAME)


async def test_a_provider_in_health_says_nothing(provider: KeyProvider) -> None:
    await provider.health()


async def test_a_revoked_key_is_refused_at_once(tmp_path: Path) -> None:
    """Not asked of AWS KMS here: what stands in for it still decrypts with keys that are disabled or
    wait for their deletion. The real one refuses (KMSInvalidStateException, DisabledException)."""
    for provider in (KeyFolder(tmp_path / "keys"), MemoryKeys()):
        await provider.create(NAME)
        wrapped = await provider.wrap(NAME, MATERIAL, CONTEXT)
        await provider.destroy(NAME)
        for _ in range(2):
            with pytest.raises(KeyRefused):
                await provider.unwrap(NAME, wrapped, CONTEXT)
            with pytest.raises(KeyRefused):
                await provider.rewrap(NAME, wrapped, CONTEXT)


async def test_a_kms_that_is_not_there_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    nobody = KmsKeys("awskms://us-east-1/alias/house?endpoint=http://127.0.0.1:9")
    with pytest.raises(KeyProviderDown):
        await nobody.unwrap(NAME, b"wrapped", CONTEXT)
    with pytest.raises(KeyProviderDown):
        await nobody.health()


async def test_a_kms_without_credentials_is_down_and_not_refused(
    kms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A role that is missing for a minute must not look like a key that is gone for ever."""
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(KeyProviderDown):
        await KmsKeys(f"awskms://us-east-1/alias/house?endpoint={kms}").create(NAME)


@pytest.mark.parametrize(
    ("code", "means"),
    [
        *((code, KeyRefused) for code in ("IncorrectKeyException", "InvalidCiphertextException")),
        *((code, KeyRefused) for code in ("KMSInvalidStateException", "DisabledException")),
        *((code, KeyProviderDown) for code in ("AccessDeniedException", "ThrottlingException")),
        *(
            (code, KeyProviderDown)
            for code in ("KMSInternalException", "DependencyTimeoutException")
        ),
    ],
)
async def test_what_aws_answers_about_a_key_and_about_itself(
    kms: str, code: str, means: type[Exception]
) -> None:
    provider = KmsKeys(f"awskms://us-east-1/alias/house?endpoint={kms}")
    answers = Stubber(provider._client)
    answers.add_client_error("decrypt", code)
    with answers, pytest.raises(means, match=code):
        await provider.unwrap(NAME, b"wrapped", CONTEXT)


async def test_calls_of_kms_leave_the_event_loop_free(
    kms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = KmsKeys(f"awskms://us-east-1/alias/house?endpoint={kms}")
    threads = []

    def slow(**_: object) -> dict[str, bytes]:
        threads.append(threading.current_thread())
        time.sleep(0.2)
        return {"Plaintext": MATERIAL}

    monkeypatch.setattr(provider._client, "decrypt", slow)
    started = time.perf_counter()
    asked = asyncio.gather(*(provider.unwrap(NAME, b"wrapped", CONTEXT) for _ in range(4)))
    await asyncio.sleep(0)
    assert time.perf_counter() - started < 0.15
    await asked
    assert threading.main_thread() not in threads
    assert time.perf_counter() - started < 0.7


@pytest.mark.parametrize(
    "text",
    [
        *("awskms://us-east-1", "awskms://us-east-1/house", "awskms:///alias/house"),
        *("awskms://us-east-1/alias/aws/house", "awskms://us-east-1/alias/house?key=1"),
    ],
)
def test_an_address_of_kms_that_cannot_be_right(text: str) -> None:
    with pytest.raises(ValueError):
        KmsKeys(text)
