"""What every key provider promises, asked of each one."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.protocols import KeyProvider, KeyRefused
from tests.fakes import MemoryKeys

NAME = "t/0198c0de-0000-7000-8000-000000000001"
OTHER = "t/0198c0de-0000-7000-8000-000000000002"
MATERIAL = bytes(range(32))
CONTEXT = b"practice|dek|1"

PROVIDERS: dict[str, Callable[[Path], KeyProvider]] = {
    "key folder": lambda folder: KeyFolder(folder / "keys"),
    "memory": lambda _folder: MemoryKeys(),
}


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    return PROVIDERS[request.param](tmp_path)


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
        with pytest.raises(KeyRefused):
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
    with pytest.raises(KeyRefused):
        await provider.unwrap(NAME, wrapped, CONTEXT)
    assert await provider.unwrap(OTHER, beside, CONTEXT) == MATERIAL


async def test_destroying_what_is_gone_is_no_error(provider: KeyProvider) -> None:
    await provider.create(NAME)
    await provider.destroy(NAME)
    await provider.destroy(NAME)


async def test_a_provider_in_health_says_nothing(provider: KeyProvider) -> None:
    await provider.health()
