from billing_saas.kit.errors import Conflict, NotFound


class RemittanceNotFound(NotFound):
    pass


class AlreadyPosted(Conflict):
    pass


class TakenBackSince(Conflict):
    """A later remittance took back a payment of this one: undo that one first."""


class NotPosted(Conflict):
    pass


class OutOfBalance(Conflict):
    """Its own numbers contradict each other: nothing of it may be posted."""


class NotSound(Conflict):
    """It has errors, or the file it came in is not whole."""


class IsDuplicate(Conflict):
    """The payer sent this trace number before: a person decides."""


class PostedTotalWrong(Exception):
    """What would be journalled is not what was paid: a fault of ours, so everything rolls back."""
