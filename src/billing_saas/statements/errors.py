from billing_saas.kit.errors import Conflict, NotFound


class StatementNotFound(NotFound):
    pass


class IllegalStatementMove(Conflict):
    """The statement is in a state from which it cannot become that; `facts` name both."""
