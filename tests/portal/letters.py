"""A carrier that keeps what it was given, for a person's letters to be read."""

import re
from dataclasses import dataclass, field

from billing_saas.kit.carrying import OutgoingLetter


@dataclass
class Letterbox:
    letters: list[OutgoingLetter] = field(default_factory=list)

    async def carry(self, letter: OutgoingLetter) -> str:
        self.letters.append(letter)
        return f"<{len(self.letters)}@letterbox.test>"

    @property
    def code(self) -> str:
        found = re.search(r"\b([0-9]{6})\b", self.letters[-1].text)
        assert found, "no code in the letter"
        return found[1]

    @property
    def path(self) -> str:
        found = re.search(r"https?://[^/\s]+(/s/[A-Za-z0-9_-]+)", self.letters[-1].text)
        assert found, self.letters[-1].text
        return found[1]
