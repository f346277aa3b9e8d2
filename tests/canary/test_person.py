"""The looking itself: each value is found in each form, and nothing is found where nothing is."""

import base64
import secrets
from urllib.parse import quote

import pytest

from tests.canary import person


@pytest.mark.parametrize("value", person.VALUES)
def test_each_value_is_found_in_each_form(value: str) -> None:
    for text in (value, value.lower(), value.title()):
        raw = text.encode()
        for content in (raw, raw.hex().encode(), raw.hex().upper().encode(), quote(text).encode()):
            assert person.found_in(b"{ " + content + b" }"), content
    for text in (value, value.lower(), value.title()):
        for before in range(4):
            for after in range(3):
                content = secrets.token_bytes(before) + text.encode() + secrets.token_bytes(after)
                assert person.found_in(base64.b64encode(content)), (text, before, after)


def test_nothing_is_found_in_noise() -> None:
    noise = secrets.token_bytes(300_000)
    assert person.found_in(noise + noise.hex().encode() + base64.b64encode(noise)) == []
