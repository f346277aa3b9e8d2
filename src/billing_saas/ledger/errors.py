from billing_saas.kit.errors import Conflict, Invalid, NotFound


class Unbalanced(Invalid):
    """An entry has at least two lines, none of them zero, and they sum to zero."""


class AmountOutOfRange(Invalid):
    """No payer's or patient's amount is this large: refused before it can be added to anything."""


class AlreadyPosted(Conflict):
    """A source is journalled once."""


class AlreadyReversed(Conflict):
    """What does not stand cannot be reversed."""


class MonthClosed(Conflict):
    pass


class MonthNotOver(Conflict):
    pass


class NotAMonthEnd(Invalid):
    pass


class NoBook(Conflict):
    """The practice's book was never opened."""


class EntryNotFound(NotFound):
    pass
