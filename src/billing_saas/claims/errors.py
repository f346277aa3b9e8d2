from billing_saas.kit.errors import Conflict, Invalid, NotFound, Refused


class ClaimNotFound(NotFound):
    pass


class SubmissionNotFound(NotFound):
    pass


class IllegalMove(Conflict):
    """`facts` name the field, the state it is in and the one it was to go to."""


class NotCertified(Refused):
    """The act asks for a coder's full credential."""


class CannotBeSent(Invalid):
    """`facts` say what the claim lacks."""
