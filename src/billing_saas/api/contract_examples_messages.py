"""Examples of messages: Emil is reached by text, asks about his bill, and is answered."""

from typing import Any


def _of(schema: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {f"{schema}.{name}": value for name, value in fields.items()}


FIELDS: dict[str, Any] = {
    **_of("Consent", {"by_kind": "user", "channel": "text", "wording": "2026-11"}),
    **_of(
        "Contact",
        {
            "email_state": "verified",
            "language": "en",
            "phone": "+12175550148",
            "phone_state": "verified",
            "preferred": "text",
        },
    ),
    "ContactIn.phone": "217-555-0148",
    "Letter.text": "You will find it on page two of your statement.",
    "Letter.written_by": "office",
    "LetterIn.text": "You will find it on page two of your statement.",
    **_of(
        "Message",
        {
            "asked_by_kind": "system",
            "channel": "text",
            "decision": "later",
            "ended_because": "",
            "language": "en",
            "policy": "1",
            "reasons": "text:quiet_hours",
            "template": "statement_ready",
        },
    ),
    "MessagePause.channel": "",
    "MessagePause.kind": "dispute",
    **_of(
        "MessageSettings",
        {
            "closes_minute": 1260,
            "most_a_week": 3,
            "opens_minute": 480,
            "text_number": "+13125550100",
        },
    ),
    **_of("MessageSettingsIn", {"closes_minute": 1260, "most_a_week": 3, "opens_minute": 480}),
    **_of("Thread", {"kind": "bill", "letters": 2, "subject": "My statement of October"}),
    "ThreadIn.subject": "Your statement of October",
    "ThreadIn.text": "You asked at the desk what the copay was for.",
}
