from billing_saas.kit.errors import Conflict, NotFound


class CardNotFound(NotFound):
    pass


class CardClosed(Conflict):
    pass
