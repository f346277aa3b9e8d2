"""What each letter says. Plain text: nothing to load, nothing to hide a link behind."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str


_SIGNED = "\n\nThis message was sent by a system; nobody reads answers to it.\n"

TEMPLATES: dict[str, Template] = {
    "invitation": Template(
        "You are invited to {organization}",
        "{inviter} invites you to work with {organization}.\n\n"
        "Open this page to set a password. It works once, for {hours} hours:\n\n{link}\n\n"
        "If you did not expect this, do nothing.",
    ),
    "password_reset": Template(
        "Set a new password",
        "Somebody asked to set a new password for your account.\n\n"
        "If it was you, open this page. It works once, for {hours} hours:\n\n{link}\n\n"
        "If it was not you, do nothing: your password stays as it is.",
    ),
    "factors_reset": Template(
        "Set up your sign-in again",
        "Two administrators confirmed that you lost your second factor, and removed it.\n\n"
        "Set a new password here. It works once, for {hours} hours:\n\n{link}\n\n"
        "You will then set up a new second factor.\n"
        "If you did not ask for this, tell your administrator at once.",
    ),
    "emergency_access": Template(
        "Your practice was entered in an emergency",
        "Somebody of your billing company entered {organization} in an emergency:\n\n"
        "    from {opened} to {expires} at the latest\n\n"
        "A card on your work list says more. Sign in, read the reason, and judge whether it was one.",
    ),
    "password_changed": Template(
        "Your password was changed",
        "The password of your account was changed, and every session was ended.\n\n"
        "If it was not you, tell your administrator at once.",
    ),
    "new_sign_in": Template(
        "A new sign-in to your account",
        "Your account was signed in to from a browser that it did not know:\n\n"
        "    {browser}, network {network}\n\n"
        "If it was not you, change your password and end the session on the page of your sessions.",
    ),
}


def written(template: str, words: Mapping[str, str]) -> Written:
    """`KeyError` when a word is missing: a letter with a gap is not sent."""
    found = TEMPLATES[template]
    plain = {name: " ".join(word.split()) for name, word in words.items()}
    return Written(found.subject.format_map(plain), found.text.format_map(plain) + _SIGNED)
