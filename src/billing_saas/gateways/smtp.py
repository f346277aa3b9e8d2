"""Letters by SMTP: TLS from the start (smtps) or before anything is said (STARTTLS)."""

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from billing_saas.kit.carrying import CarrierDown, CarrierRefused, CarrierUnknown, OutgoingLetter
from billing_saas.kit.protocols import MailDown

_SECONDS = 20
# RFC 5322, 2.1.1: a line may be so long. The usual 78 would have a long link in a header written in
# encoded words (RFC 2047), which no mail program reads there.
_POLICY = policy.SMTP.clone(max_line_length=998, cte_type="7bit")
_PERMANENT = 500
# RFC 5321, 4.2.3 and RFC 3463, 3.2: no such mailbox, not here, its name cannot be right, it moved.
_NO_SUCH_ADDRESS = frozenset({550, 551, 553, 521, 556})


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
        """To a person who works here."""
        try:
            await self._deliver(letter(self._sender, to_address, subject, text), to_address)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Its words may quote the address: the kind of error is enough.
            raise MailDown(type(error).__name__) from None

    async def carry(self, outgoing: OutgoingLetter) -> str:
        """To a patient."""
        try:
            made = letter(self._sender, outgoing.to_address, outgoing.subject, outgoing.text)
            if outgoing.from_name:
                sender = Address(outgoing.from_name, addr_spec=self._sender)
                made.replace_header("From", sender)
            for name, value in outgoing.headers.items():
                made[name] = value
        except ValueError:
            raise CarrierRefused("content", 0) from None
        try:
            await self._deliver(made, outgoing.to_address, outgoing.bounces_to)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refused(max((one.code for one in error.recipients), default=0)) from None
        except aiosmtplib.SMTPDataError as error:
            if error.code >= _PERMANENT:
                raise CarrierRefused("content", error.code) from None
            raise CarrierDown(str(error.code)) from None
        except aiosmtplib.SMTPConnectError as error:
            raise CarrierDown(type(error).__name__) from None
        except (aiosmtplib.SMTPTimeoutError, aiosmtplib.SMTPServerDisconnected) as error:
            raise CarrierUnknown(type(error).__name__) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # Also what is refused of us (who we are, whom we send for): a person mends that.
            raise CarrierDown(type(error).__name__) from None
        return str(made["Message-ID"])

    async def _deliver(
        self, made: EmailMessage, to_address: str, envelope_sender: str = ""
    ) -> None:
        await aiosmtplib.send(
            made.as_bytes(),  # the library would fold it anew
            sender=envelope_sender or self._sender,
            recipients=[to_address],
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._implicit,
            start_tls=not self._implicit and not self._plain,
            timeout=_SECONDS,
        )


def _refused(code: int) -> CarrierRefused | CarrierDown:
    if code < _PERMANENT:
        return CarrierDown(str(code))  # greylisted, or a full mailbox: it is tried again
    return CarrierRefused("address" if code in _NO_SUCH_ADDRESS else "content", code)


def letter(sender: str, to_address: str, subject: str, text: str) -> EmailMessage:
    """`ValueError` for an address or subject that would begin another header."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = sender
    made["To"] = to_address
    made["Subject"] = subject
    made["Date"] = formatdate(usegmt=True)
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text)
    return made
