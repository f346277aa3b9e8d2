from billing_saas.kit.errors import Conflict, Invalid, NotFound


class ReceiptNotFound(NotFound):
    pass


class DrawerNotFound(NotFound):
    pass


class NothingTaken(Conflict):
    """The drawer has nothing to be counted."""


class TooLateToVoid(Conflict):
    """Another day, or the drawer was counted: what was taken is given back by a refund."""


class NumberRefused(Invalid):
    """Of a cheque or money order the last four of its number are kept, and no more."""


class NoSuchBill(Invalid):
    """The bill that is to be paid is not this guarantor's, or not to be paid."""


class NoPlanToPay(Conflict):
    """The guarantor has no plan that an instalment could be paid on."""


class NoOpenPage(NotFound):
    """There is no such payment, or nothing to be photographed: it was paid, or its page has ended."""


class NothingToApply(Conflict):
    """There is no credit, or nothing that it could be laid on."""
