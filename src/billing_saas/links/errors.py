from billing_saas.kit.errors import Invalid, NotFound


class BadLink(Invalid):
    """A link is asked for that cannot be: of another kind, or for longer than links last."""


class LinkNotFound(NotFound):
    pass
