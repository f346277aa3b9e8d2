"""Write a letter in the transaction of what it tells of; the outbox sends it after the commit."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from billing_saas.kit import clock
from billing_saas.kit.db import PlatformSession
from billing_saas.kit.ids import new_id
from billing_saas.mail import rules
from billing_saas.mail.jobs import SendLetter
from billing_saas.mail.tables import Letter
from billing_saas.outbox import queue
from billing_saas.vault import sealing

PLACE = "letter.words"


async def post(
    db: PlatformSession, to_address: str, template: str, words: Mapping[str, str]
) -> UUID:
    """`words` are what `rules.TEMPLATES` asks for: names of organizations and staff, no patient. A
    `link` is a path of ours: whoever sends the letter knows by which name we are reached."""
    rules.written(template, words)
    letter_id = new_id()
    sealed = await sealing.seal(db, PLACE, letter_id, msgspec.json.encode(dict(words)))
    db.add(
        Letter(
            id=letter_id,
            template=template,
            to_address=to_address,
            words=sealed,
            created_at=clock.now(),
            sent_at=None,
        )
    )
    await db.flush()
    await queue.add_for_platform(db, SendLetter(letter_id))
    return letter_id
