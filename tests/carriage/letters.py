"""What servers of mail send back: made as Postfix (RFC 3464) and feedback loops (RFC 5965) make it."""

from email.message import Message

from tests.carriage.carriers import BOUNCES

_BOUNCE = """\
Return-Path: <>
Delivered-To: {word}@{domain}
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
To: {word}@{domain}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B1"

This is a MIME-encapsulated message.

--B1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

<patience@example.test>: host mx.example.test said: {status} {action}

--B1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
Arrival-Date: Mon, 2 Nov 2026 18:00:00 +0000

Final-Recipient: rfc822; patience@example.test
Original-Recipient: rfc822;patience@example.test
Action: {action}
Status: {status}
Remote-MTA: dns; mx.example.test
Diagnostic-Code: smtp; {status} {action}

--B1
Content-Description: Undelivered Message
Content-Type: message/rfc822

{original}
--B1--
"""
_COMPLAINT = """\
From: <abusedesk@example.net>
To: <fbl@bounces.example.test>
Subject: FW: You have a new statement
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="B2"

--B2
Content-Type: text/plain; charset="US-ASCII"

This is an email abuse report for an email message received from IP 192.0.2.1.

--B2
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <>
Reported-Domain: example.test

--B2
Content-Type: {part}

{original}
--B2--
"""


def bounce(
    word: str, original: Message | None, *, action: str = "failed", status: str = "5.1.1"
) -> bytes:
    inner = original.as_string() if original is not None else "Subject: something\n\n"
    return (
        _BOUNCE.format(word=word, domain=BOUNCES, action=action, status=status, original=inner)
        .replace("\n", "\r\n")
        .encode()
    )


def complaint(original: Message, *, kind: str = "abuse", headers_only: bool = False) -> bytes:
    inner = original.as_string()
    part = "message/rfc822"
    if headers_only:
        inner, part = inner.partition("\n\n")[0] + "\n\n", "text/rfc822-headers"
    return _COMPLAINT.format(kind=kind, part=part, original=inner).encode()
