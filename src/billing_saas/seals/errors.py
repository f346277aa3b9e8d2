from billing_saas.kit.errors import NotFound


class EventNotSealed(NotFound):
    """No such event, or it waits for the sealer: there is nothing to prove yet."""


class HeadNotFound(NotFound):
    pass
