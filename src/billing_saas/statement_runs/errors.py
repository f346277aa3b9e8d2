from billing_saas.kit.errors import Conflict, NotFound


class StatementRunNotFound(NotFound):
    pass


class PrintBatchNotFound(NotFound):
    pass


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
