"""The one thing to be done here without an account: to accept an invitation that came by mail."""

from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import JSONBody

from billing_saas.api import door
from billing_saas.api.declaring import declared
from billing_saas.api.manners import manners
from billing_saas.api.wire import In, Out
from billing_saas.kit.db import Database
from billing_saas.members import inviting
from billing_saas.members.errors import InvitationNotGood, OfTheOtherSide, Suspended


class AcceptanceIn(In, frozen=True, forbid_unknown_fields=True):
    """`token` is the last part of the link; `name` is how you are called here, if you are new."""

    token: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{20,100}$")]
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class AcceptedOut(Out, frozen=True):
    """`password_link` is where a password is set, once, by who has none yet."""

    password_link: str | None


@post(
    "/invitation-acceptances",
    summary="Accept an invitation",
    security=[],
    opt=declared(refusals=[InvitationNotGood, Suspended, OfTheOtherSide]) | manners(kind="plain"),
)
async def accept_invitation(
    request: Request[Any, Any, Any], data: JSONBody[AcceptanceIn]
) -> AcceptedOut:
    await door.told_apart(request)
    database: Database = request.app.state.database
    accepted = await inviting.accept(database, data.token, data.name)
    return AcceptedOut(password_link=accepted.password_link)
