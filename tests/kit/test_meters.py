"""What a process counts is served at a port of its own, and a look that is old is shown to nobody."""

import urllib.request

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from billing_saas.gateways.counted_keys import CountedKeys
from billing_saas.kit import meters
from billing_saas.kit.meters import Latest, Measure
from billing_saas.kit.protocols import KeyProviderDown, KeyRefused
from tests.fakes import MemoryKeys
from tests.operations.ports import free_ports


def scraped(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_each_process_takes_the_next_port_and_a_lost_one_is_no_reason_to_stop() -> None:
    first = free_ports(2)
    with (
        meters.served("127.0.0.1", first, 2) as one,
        meters.served("127.0.0.1", first, 2) as two,
        meters.served("127.0.0.1", first, 2) as none_left,
    ):
        assert (one, two, none_left) == (first, first + 1, 0)
        assert scraped(one) == scraped(two) != ""
    with meters.served("127.0.0.1", first) as again:
        assert again == first


def test_nothing_listens_unless_asked() -> None:
    with meters.served("127.0.0.1", 0) as port:
        assert port == 0


def test_an_old_look_is_not_shown() -> None:
    now = 100.0
    latest = Latest(good_for=60, now=lambda: now)
    registry = CollectorRegistry()
    registry.register(latest)
    latest.saw("queues", [Measure("depth", "Jobs.", {"queue": name}, 3) for name in ("a", "b")])
    assert b'depth{queue="b"} 3.0' in generate_latest(registry)
    now = 161.0
    assert b"depth" not in generate_latest(registry)


async def test_calls_to_the_key_provider_are_counted_by_what_became_of_them() -> None:
    def count(call: str, outcome: str) -> float:
        labels = {"call": call, "outcome": outcome}
        return (
            meters.REGISTRY.get_sample_value("billing_saas_key_provider_calls_total", labels) or 0
        )

    keys = MemoryKeys()
    counted = CountedKeys(keys)
    before = {
        pair: count(*pair) for pair in [("wrap", "done"), ("wrap", "refused"), ("health", "down")]
    }
    await counted.create("t/one")
    wrapped = await counted.wrap("t/one", b"k" * 32, b"context")
    assert await counted.unwrap("t/one", wrapped, b"context") == b"k" * 32
    for refused in (counted.wrap("t/gone", b"k", b""), counted.unwrap("t/one", wrapped, b"other")):
        with pytest.raises(KeyRefused):
            await refused
    keys.down = True
    with pytest.raises(KeyProviderDown):
        await counted.health()
    assert {pair: count(*pair) - was for pair, was in before.items()} == dict.fromkeys(before, 1)
