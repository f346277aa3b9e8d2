from billing_saas.kit.errors import Conflict, Invalid, NotFound


class PracticeNotFound(NotFound):
    pass


class CompanyNotFound(NotFound):
    pass


class PracticeExists(Conflict):
    pass


class BadPractice(Invalid):
    pass
