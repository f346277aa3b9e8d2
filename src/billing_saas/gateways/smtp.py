"""Letters by SMTP: TLS from the start (smtps) or before anything is said (STARTTLS)."""

from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from billing_saas.kit.protocols import MailDown

_SECONDS = 20


class SmtpMailer:
    def __init__(self, address: str, sender: str, site: str) -> None:
        """`smtp://user:password@host:587` or `smtps://user:password@host:465`; `?tls=off` for a server
        on this machine in development."""
        parts = urlsplit(address)
        self._host = parts.hostname or ""
        self._implicit = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._implicit else 587)
        self._user = unquote(parts.username or "") or None
        self._password = unquote(parts.password or "") or None
        self._plain = parse_qs(parts.query).get("tls") == ["off"]
        self._sender = sender
        self.site = site

    def __repr__(self) -> str:
        return f"<SmtpMailer {self._host}>"

    async def send(self, to_address: str, subject: str, text: str) -> None:
        try:
            await aiosmtplib.send(
                letter(self._sender, to_address, subject, text),
                hostname=self._host,
                port=self._port,
                username=self._user,
                password=self._password,
                use_tls=self._implicit,
                start_tls=not self._implicit and not self._plain,
                timeout=_SECONDS,
            )
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Its words may quote the address: the kind of error is enough.
            raise MailDown(type(error).__name__) from None


def letter(sender: str, to_address: str, subject: str, text: str) -> EmailMessage:
    """`ValueError` for an address or subject that would begin another header."""
    made = EmailMessage()
    made["From"] = sender
    made["To"] = to_address
    made["Subject"] = subject
    made["Date"] = formatdate(usegmt=True)
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made
