"""Examples of the patients' portal: a link that Emil Fernhollow was given, and how Elm looks to him."""

from typing import Any

_LOOK = {
    "accent": "#0b57a4",
    "languages": "en",
    "opens_record": True,
    "pays_part": True,
    "shown_name": "Elm Family Medicine",
}
_URL = "https://pay.example.com/s/the-22-letters-of-a-link"


def _of(schema: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {f"{schema}.{name}": value for name, value in fields.items()}


FIELDS: dict[str, Any] = {
    **_of("NewPortalLink", {"send_outcome": "allowed", "send_reasons": "text:no_consent"}),
    "NewPortalLink.url": _URL,
    **_of("PortalLink", {"form": "link", "kind": "pay", "state": "open", "end_reason": ""}),
    "PortalLink.wrong_tries": 0,
    "PortalLink.used_at": "2026-10-06T14:03:27Z",
    "PortalLinkIn.send": "email",
    **_of("PortalSettings", {**_LOOK, "version": 1}),
    **_of("PortalSettingsIn", _LOOK),
}
