"""What each role may do: the one table that decides, as it stands in the code."""

from typing import Annotated

import msgspec
from litestar import get

from billing_saas.api.declaring import declared
from billing_saas.api.wire import Out
from billing_saas.identity import rules


class PermissionOut(Out, frozen=True):
    """`says` is what it lets a person do."""

    permission: str
    resource: str
    action: str
    says: str
    practice_roles: list[str]
    company_roles: list[str]


class RolesOut(Out, frozen=True):
    """Roles of a practice are held per practice, those of a company in the company; several at once."""

    practice_roles: list[str]
    company_roles: list[str]
    permissions: Annotated[list[PermissionOut], msgspec.Meta(description="By resource.")]


@get(
    "/roles",
    sync_to_thread=False,
    summary="What each role may do",
    opt=declared(),
)
def list_roles() -> RolesOut:
    return RolesOut(
        practice_roles=sorted(rules.PERMISSIONS),
        company_roles=sorted(rules.OF_A_COMPANY),
        permissions=[_shown(one) for one in rules.TABLE],
    )


def _shown(one: rules.Permission) -> PermissionOut:
    resource, _, action = one.name.partition(".")
    return PermissionOut(
        permission=one.name,
        resource=resource,
        action=action,
        says=one.sentence,
        practice_roles=sorted(one.roles & rules.PERMISSIONS.keys()),
        company_roles=sorted(
            role for role, word in rules.OF_A_COMPANY.items() if word in one.roles
        ),
    )
