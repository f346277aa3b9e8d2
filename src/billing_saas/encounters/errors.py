from billing_saas.kit.errors import NotFound


class EncounterNotFound(NotFound):
    pass
