from billing_saas.kit.errors import Conflict, Invalid, NotFound


class ConnectionNotFound(NotFound):
    pass


class BadConnection(Invalid):
    """`facts` name the fields."""


class ConnectionExists(Conflict):
    """The same ids and usage: one stream of numbers has one connection."""


class ConnectionInactive(Conflict):
    pass


class NumbersExhausted(Conflict):
    """All nine digits are used: to begin again would repeat numbers that the partner has seen."""
