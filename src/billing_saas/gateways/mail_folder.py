"""Letters into a folder, for development: a link in a log would open an account to who reads the log."""

import os
from pathlib import Path

from billing_saas.kit.ids import new_id
from billing_saas.kit.protocols import MailDown


class MailFolder:
    def __init__(self, folder: Path, site: str) -> None:
        self._folder = folder
        self.site = site

    async def send(self, to_address: str, subject: str, text: str) -> None:
        """One file per letter, readable by its owner alone."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / f"{new_id()}.txt"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(f"To: {to_address}\nSubject: {subject}\n\n{text}")
        except OSError as error:
            raise MailDown(type(error).__name__) from error
