from billing_saas.kit.errors import Conflict, NotFound


class NotSignedIn(Exception):
    """No credential, or none that is good: the door answers 401 and does not say which."""


class NotAMember(NotFound):
    """To someone without a membership the practice does not exist."""


class AlreadyKnown(Conflict):
    pass
