"""What a connection must be, and which one an ISA means. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from billing_saas.edi.envelope import InterchangeHeader

Kind = Literal["practice_system", "clearinghouse", "payer"]
Usage = Literal["T", "P"]
# ISA05 and ISA07: who gave out the id.
Qualifier = Literal["01", "14", "20", "27", "28", "29", "30", "33", "ZZ"]

# What an id may hold: none of the usual delimiters, and no blank at an end, for ISA06 and ISA08 are
# padded with them.
ID = r"[A-Za-z0-9](?:[A-Za-z0-9 &+./_-]*[A-Za-z0-9])?"
_ID = re.compile(ID, re.ASCII)
_LONGEST_ID = 15
_SHORTEST_GROUP_ID = 2
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two: ISA05/06 and GS02, or ISA07/08 and GS03."""

    qualifier: str
    id: str
    group_id: str


@dataclass(frozen=True, slots=True)
class NewConnection:
    name: str
    kind: Kind
    usage: Usage
    own: Side
    partner: Side
    refuses_repeats: bool


@dataclass(frozen=True, slots=True)
class Agreed:
    """What an incoming ISA is held to."""

    connection_id: UUID
    own: tuple[str, str]
    partner: tuple[str, str]
    usage: str
    refuses_repeats: bool


def faults(new: NewConnection) -> list[str]:
    """The fields that cannot be so; none of a sound one."""
    return list(_faults(new))


def faults_of_changes(kind: str, name: str, refuses_repeats: bool) -> list[str]:
    """Of what may change, the fields that cannot be so."""
    found = []
    if not name.strip() or len(name) > _LONGEST_NAME:
        found.append("name")
    # A clearinghouse uses numbers again, and refusing an 835 would lose money.
    if refuses_repeats and kind != "practice_system":
        found.append("refuses_repeats")
    return found


def _faults(new: NewConnection) -> Iterator[str]:
    yield from faults_of_changes(new.kind, new.name, new.refuses_repeats)
    if new.kind not in get_args(Kind):
        yield "kind"
    if new.usage not in get_args(Usage):
        yield "usage"
    for word, side in (("own", new.own), ("partner", new.partner)):
        if side.qualifier not in get_args(Qualifier):
            yield f"{word}_qualifier"
        if not _ID.fullmatch(side.id) or len(side.id) > _LONGEST_ID:
            yield f"{word}_id"
        if not _ID.fullmatch(side.group_id) or not (
            _SHORTEST_GROUP_ID <= len(side.group_id) <= _LONGEST_ID
        ):
            yield f"{word}_group_id"
    if (new.own.qualifier, new.own.id) == (new.partner.qualifier, new.partner.id):
        yield "partner_id"


def agreed_with(agreed: Sequence[Agreed], header: InterchangeHeader) -> Agreed | None:
    """The connection over which an interchange came: its ids are the connection's. Where a test and a
    production connection have the same ids, the one of the interchange's usage."""
    own = (header.receiver_qualifier, header.receiver)
    partner = (header.sender_qualifier, header.sender)
    meant = [one for one in agreed if (one.own, one.partner) == (own, partner)]
    return next((one for one in meant if one.usage == header.usage), meant[0] if meant else None)
