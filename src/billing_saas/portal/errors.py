from billing_saas.kit.errors import Conflict, NotFound, Refused


class NotEntered(Exception):
    """Nobody is known here: the portal asks for a link or a code."""


class WrongEntry(Exception):
    """It did not match, or opens nothing any more: who asks is never told which."""


class NeedsMore(Exception):
    """What is asked for is shown to a verified visitor alone."""


class WrongCode(Exception):
    """Not the code that was sent, or not any more."""


class NoVerifiedContact(Refused):
    """There is nowhere to send a code: no contact of theirs was ever verified."""


class NoBirthDate(Conflict):
    """The one who pays has no birth date on file, so a link would open for nobody."""


class MinorWithoutGuarantor(Conflict):
    """A minor has no portal of their own, and nobody on file who pays."""


class NoPaper(NotFound):
    """The bill has no file."""
