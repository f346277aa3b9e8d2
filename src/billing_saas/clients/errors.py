from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class ClientNotFound(NotFound):
    pass


class ClientSecretNotFound(NotFound):
    pass


class BadClient(Invalid):
    """A client cannot be so; the errors name the places."""


class BeyondYourOwn(Refused):
    """Nobody gives a machine what they do not hold themselves."""


class ClientRevoked(Conflict):
    """The client was revoked; make another."""


class TwoSecretsStand(Conflict):
    """Two secrets are good already: end one first."""


class NotTheClient(Exception):
    """Who asks for a token did not show to be the client they name; it is not said why."""


class AssertionRefused(NotTheClient):
    """The assertion is none, or not of this client, or not now."""
