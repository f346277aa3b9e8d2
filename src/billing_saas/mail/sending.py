"""Send a letter, and blank it. One that left twice, in a crash between the two, does no harm."""

from datetime import datetime

import msgspec
from sqlalchemy import delete, select, update

from billing_saas.kit import clock
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import PlatformSession
from billing_saas.kit.protocols import MailDown
from billing_saas.mail import posting, rules
from billing_saas.mail.jobs import SendLetter
from billing_saas.mail.tables import Letter
from billing_saas.vault import sealing


async def send(db: PlatformSession, _actor: Actor, job: SendLetter) -> None:
    letter = await db.scalar(select(Letter).where(Letter.id == job.letter_id).with_for_update())
    if letter is None or letter.words is None:
        return
    words = msgspec.json.decode(
        await sealing.unseal(db, posting.PLACE, letter.id, letter.words), type=dict[str, str]
    )
    if db.mailer is None:
        raise MailDown("this process has no way to send a letter")
    if "link" in words:
        words["link"] = db.mailer.site + words["link"]
    written = rules.written(letter.template, words)
    await db.mailer.send(letter.to_address, written.subject, written.text)
    await db.execute(
        update(Letter).where(Letter.id == letter.id).values(words=None, sent_at=clock.now())
    )


async def forget(db: PlatformSession, before: datetime) -> None:
    """Letters that left before that."""
    await db.execute(delete(Letter).where(Letter.sent_at < before))
