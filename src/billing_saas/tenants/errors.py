from billing_saas.kit.errors import Conflict, Invalid, NotFound


class PracticeNotFound(NotFound):
    pass


class CompanyNotFound(NotFound):
    pass


class PracticeExists(Conflict):
    pass


class BadPractice(Invalid):
    pass


class AgreementNotFound(NotFound):
    pass


class AgreementStands(Conflict):
    pass


class AgreementEnded(Conflict):
    pass


class BadAgreement(Invalid):
    pass
