"""Letters: written with what they tell of, sent once by a real server of mail, then blank."""

import socket
import stat
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from string import Formatter
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller

from billing_saas.gateways.mail_folder import MailFolder
from billing_saas.gateways.smtp import SmtpMailer
from billing_saas.kit.db import Database
from billing_saas.kit.protocols import MailDown
from billing_saas.mail import posting, rules
from billing_saas.workers import running
from billing_saas.workers.running import Outcome
from tests.cast import Tenant
from tests.cluster import Clone

WORDS = {"link": "/password/abc", "hours": "24"}


class Box:
    """What came to a server of mail."""

    def __init__(self) -> None:
        self.letters: list[Message] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # the library calls it so
        self.letters.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def mailer(box: Box) -> Iterator[SmtpMailer]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield SmtpMailer(
        f"smtp://127.0.0.1:{port}?tls=off", "billing@ash.example.test", "https://ash.example.test"
    )
    server.stop()


async def test_a_letter_leaves_once_and_is_blank_after(
    database: Database, elm: Tenant, box: Box, mailer: SmtpMailer, clone: Clone
) -> None:
    database.mailer = mailer
    async with database.platform() as db:
        await posting.post(db, "pat@example.test", "password_reset", WORDS)
    with psycopg.connect(clone.url("postgres")) as above:
        held = above.execute("SELECT words FROM letter").fetchone()
    assert held is not None
    assert b"password/abc" not in held[0]
    assert await running.drain(database) == {Outcome.DONE: 1}
    assert not await running.drain(database)
    (letter,) = box.letters
    assert letter["To"] == "pat@example.test"
    assert letter["Auto-Submitted"] == "auto-generated"
    text = str(letter.get_payload())
    assert "https://ash.example.test/password/abc" in text
    with psycopg.connect(clone.url("postgres")) as above:
        assert above.execute("SELECT words, sent_at IS NOT NULL FROM letter").fetchone() == (
            None,
            True,
        )


async def test_what_rolls_back_sends_nothing(
    database: Database, elm: Tenant, box: Box, mailer: SmtpMailer
) -> None:
    database.mailer = mailer

    async def post_and_fail() -> None:
        async with database.platform() as db:
            await posting.post(db, "pat@example.test", "password_reset", WORDS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await post_and_fail()
    assert not await running.drain(database)
    assert box.letters == []


async def test_while_the_server_is_down_letters_wait(database: Database, elm: Tenant) -> None:
    database.mailer = SmtpMailer("smtp://127.0.0.1:9?tls=off", "a@example.test", "https://x.test")
    async with database.platform() as db:
        await posting.post(db, "pat@example.test", "password_changed", {})
    assert await running.drain(database) == {Outcome.RETRIED: 1}


async def test_a_server_without_tls_is_not_spoken_to(mailer: SmtpMailer) -> None:
    strict = SmtpMailer(f"smtp://127.0.0.1:{mailer._port}", "a@example.test", "https://x.test")
    with pytest.raises(MailDown):
        await strict.send("pat@example.test", "subject", "text")


async def test_an_address_begins_no_other_header(mailer: SmtpMailer, box: Box) -> None:
    with pytest.raises(MailDown):
        await mailer.send("pat@example.test\nBcc: all@example.test", "subject", "text")
    assert box.letters == []


async def test_in_development_a_letter_is_a_file_of_its_owner(tmp_path: Path) -> None:
    await MailFolder(tmp_path / "mail", "http://localhost:8000").send("a@b.test", "s", "text")
    (path,) = (tmp_path / "mail").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().endswith("text")


@pytest.mark.parametrize("name", rules.TEMPLATES)
def test_a_letter_with_a_gap_is_not_written(name: str) -> None:
    template = rules.TEMPLATES[name]
    parts = Formatter().parse(template.subject + template.text)
    words = {part[1]: "x\ny" for part in parts if part[1]}
    written = rules.written(name, words)
    assert "\n" not in written.subject
    for missing in words:
        with pytest.raises(KeyError):
            rules.written(name, {word: "x" for word in words if word != missing})
