"""What can go wrong with a patient's money."""

from billing_saas.kit.errors import Conflict, Invalid, NotFound


class PaymentNotFound(NotFound):
    pass


class RefundNotFound(NotFound):
    pass


class DisputeNotFound(NotFound):
    pass


class PayoutNotFound(NotFound):
    pass


class SavedCardNotFound(NotFound):
    pass


class NoPaymentAccount(NotFound):
    """The practice has no account at the processor."""


class AccountStands(Conflict):
    """The practice has an account already."""


class NotTakingPayments(Conflict):
    """The practice's account cannot take payments yet, or not any more."""


class NoProcessor(Conflict):
    """This deployment has no payment processor."""


class PaymentUnderWay(Conflict):
    """Another payment of the same bill was made a moment ago."""


class AmountRefused(Invalid):
    """Too little or too much for one payment."""


class SavedCardEnded(Conflict):
    """The card is no longer kept, or never was."""


class NotVoidable(Conflict):
    """Only what was recorded at the desk, and stands, is taken back as a whole."""


class NotRefundable(Conflict):
    """The payment did not succeed, or is disputed: nothing of it can be given back."""


class MoreThanPaid(Conflict):
    """More would be given back than came."""


class RefundNotWaiting(Conflict):
    """The refund does not wait for anybody's approval."""


class RefundNotFailed(Conflict):
    """Only what could not be given back to the card is repaid in another way."""


class NothingToAnswer(Conflict):
    """The dispute is decided, was answered, or asks for nothing."""


class PaymentSettingsChanged(Conflict):
    """Somebody changed the settings since they were read."""


class ProcessorSilent(Conflict):
    """The processor cannot be asked right now."""


class NotForUs(Invalid):
    """Not signed by the processor, too old, of an account that is not kept here, or of the other mode."""
