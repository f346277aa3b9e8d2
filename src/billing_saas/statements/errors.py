from billing_saas.kit.errors import Conflict, Invalid, NotFound


class StatementNotFound(NotFound):
    pass


class StatementRunNotFound(NotFound):
    pass


class PrintBatchNotFound(NotFound):
    pass


class IllegalStatementMove(Conflict):
    """The statement is in a state from which it cannot become that; `facts` name both."""


class NotIssued(Conflict):
    """There is nothing to ask for, or asking is paused; `facts` say why."""


class RunMoved(Conflict):
    """The run is issued already, or was dropped."""


class RunInProgress(Conflict):
    """Another run is being issued: two at once would ask the same person twice."""


class BatchNotReady(Conflict):
    """The file of the print batch is still being put together."""


class NothingToPrint(Conflict):
    """No statement waits to be printed."""


class BadRules(Invalid):
    """`facts` name the field of the practice's rules that cannot be so."""
