"""Letters and texts into a folder, for development: a link in a log would open an account to who reads it."""

import os
from collections.abc import Mapping
from pathlib import Path

from billing_saas.kit.carrying import CarrierDown, OutgoingLetter, OutgoingText
from billing_saas.kit.ids import new_id
from billing_saas.kit.protocols import MailDown


class MailFolder:
    def __init__(self, folder: Path, site: str) -> None:
        self._folder = folder
        self.site = site

    async def send(self, to_address: str, subject: str, text: str) -> None:
        """One file per letter, readable by its owner alone."""
        try:
            _write(self._folder, f"To: {to_address}\nSubject: {subject}\n\n{text}")
        except OSError as error:
            raise MailDown(type(error).__name__) from error

    async def carry(self, letter: OutgoingLetter) -> str:
        headers = "".join(f"{name}: {value}\n" for name, value in letter.headers.items())
        return _carried(
            self._folder,
            f"To: {letter.to_address}\nSubject: {letter.subject}\n{headers}\n{letter.text}",
        )


class TextFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def signed(self, url: str, fields: Mapping[str, str], signature: str) -> bool:
        """A folder asks nobody anything."""
        return False

    async def carry(self, text: OutgoingText) -> str:
        return _carried(
            self._folder, f"To: {text.to_number}\nFrom: {text.from_number}\n\n{text.text}\n"
        )


def _carried(folder: Path, written: str) -> str:
    try:
        return _write(folder, written)
    except OSError as error:
        raise CarrierDown(type(error).__name__) from error


def _write(folder: Path, written: str) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = str(new_id())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with os.fdopen(os.open(folder / f"{name}.txt", flags, 0o600), "w", encoding="utf-8") as file:
        file.write(written)
    return name
