"""Control numbers: unique and rising, however many take some at once."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from billing_saas.connections import making, numbering
from billing_saas.connections.errors import (
    ConnectionInactive,
    ConnectionNotFound,
    NumbersExhausted,
)
from billing_saas.connections.making import Changed
from billing_saas.connections.numbering import MOST, Numbers, Wanted
from billing_saas.edi import acknowledging
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.cast import Tenant
from tests.connections.agreements import BOSS, agreement, made, with_payer
from tests.imports.practice_files import claims_file

SESSIONS = 8
EACH = 200


class Stopped(Exception):
    pass


async def taken(database: Database, tenant: Tenant, connection_id: UUID, count: int) -> list[int]:
    """`count` transactions of one ISA13 each, as they were committed."""
    numbers = []
    for _ in range(count):
        async with database.tenant(tenant.id) as db:
            numbers.append(
                (await numbering.take(db, connection_id, Wanted(interchanges=1))).interchange()
            )
    return numbers


async def test_eight_sessions_take_two_hundred_each(database: Database, elm: Tenant) -> None:
    """On one connection, while another one counts for itself."""
    busy = await made(database, elm, agreement())
    other = await made(database, elm, with_payer(elm))
    crowd = Database(database.urls, database.keys, pool_size=SESSIONS)
    try:
        streams = await asyncio.gather(
            *(taken(crowd, elm, busy, EACH) for _ in range(SESSIONS)),
            taken(crowd, elm, other, EACH),
        )
    finally:
        await crowd.close()
    alone = streams.pop()
    assert sorted(number for stream in streams for number in stream) == list(
        range(1, SESSIONS * EACH + 1)
    )
    assert all(stream == sorted(stream) for stream in streams)
    assert alone == list(range(1, EACH + 1))


async def test_numbers_rise_in_the_order_in_which_they_can_be_seen(
    database: Database, elm: Tenant
) -> None:
    """Whoever comes second waits for the first to end, and then goes on from there."""
    connection_id = await made(database, elm, agreement())
    order: list[int] = []

    async def second() -> None:
        order.extend(await taken(database, elm, connection_id, 1))

    async with database.tenant(elm.id) as db:
        first = await numbering.take(db, connection_id, Wanted(interchanges=1))
        waiting = asyncio.create_task(second())
        await asyncio.wait({waiting}, timeout=0.2)
        assert order == []
        order.append(first.interchange())
    await waiting
    assert order == [1, 2]


async def test_what_is_rolled_back_was_seen_by_nobody(database: Database, elm: Tenant) -> None:
    connection_id = await made(database, elm, agreement())

    async def stopped() -> None:
        async with database.tenant(elm.id) as db:
            await numbering.take(db, connection_id, Wanted(interchanges=5))
            raise Stopped

    with pytest.raises(Stopped):
        await stopped()
    assert await taken(database, elm, connection_id, 2) == [1, 2]


async def test_one_statement_takes_all_that_an_interchange_needs(
    database: Database, elm: Tenant
) -> None:
    connection_id = await made(database, elm, agreement())
    for ends in (1, 2):
        async with database.tenant(elm.id) as db:
            numbers = await numbering.take(
                db, connection_id, Wanted(interchanges=1, groups=2, sets=3, batches=3)
            )
        assert numbers.interchange() == ends
        assert [numbers.group() for _ in range(2)] == [2 * ends - 1, 2 * ends]
        assert [numbers.set() for _ in range(3)] == [3 * ends - 2, 3 * ends - 1, 3 * ends]
        assert numbers.batch() == 3 * ends - 2
        with pytest.raises(RuntimeError, match="more control numbers"):
            numbers.interchange()


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
            lambda counts: Wanted(interchanges=counts[0], groups=counts[1])
        )
    )
)
def test_whatever_is_taken_comes_once_and_in_order(takings: list[Wanted]) -> None:
    last_interchange = last_group = 0
    interchange_numbers: list[int] = []
    group_numbers: list[int] = []
    for wanted in takings:
        last_interchange += wanted.interchanges
        last_group += wanted.groups
        numbers = Numbers((last_interchange, last_group, 0, 0), wanted)
        interchange_numbers += [numbers.interchange() for _ in range(wanted.interchanges)]
        group_numbers += [numbers.group() for _ in range(wanted.groups)]
    assert interchange_numbers == list(range(1, last_interchange + 1))
    assert group_numbers == list(range(1, last_group + 1))


async def test_nine_digits_are_all_there_is(database: Database, elm: Tenant) -> None:
    """To begin again would repeat what the partner has seen: so it ends."""
    connection_id = await made(database, elm, agreement())
    async with database.tenant(elm.id) as db:
        await db.execute(text(f"UPDATE connection_number SET last_interchange = {MOST - 1}"))
    assert await taken(database, elm, connection_id, 1) == [MOST]
    with pytest.raises(NumbersExhausted):
        await taken(database, elm, connection_id, 1)
    with pytest.raises(DBAPIError, match="never fall"):
        async with database.tenant(elm.id) as db:
            await db.execute(text("UPDATE connection_number SET last_interchange = 1"))


async def test_a_resting_connection_and_a_strangers_give_no_numbers(
    database: Database, elm: Tenant, oak: Tenant
) -> None:
    connection_id = await made(database, elm, agreement())
    with pytest.raises(ConnectionNotFound):
        await taken(database, oak, connection_id, 1)
    with pytest.raises(ConnectionNotFound):
        await taken(database, elm, new_id(), 1)
    async with database.tenant(elm.id) as db:
        await making.change(db, BOSS, connection_id, Changed("resting", True, False))
    with pytest.raises(ConnectionInactive):
        await taken(database, elm, connection_id, 1)
    with pytest.raises(ValueError, match="not given back"):
        async with database.tenant(elm.id) as db:
            await numbering.take(db, connection_id, Wanted(sets=-1))


async def test_they_number_an_acknowledgment(database: Database, elm: Tenant) -> None:
    connection_id = await made(database, elm, agreement())
    await taken(database, elm, connection_id, 41)
    async with database.tenant(elm.id) as db:
        numbers = await numbering.take(db, connection_id, Wanted(interchanges=1, groups=1))
    answer = acknowledging.acknowledge(
        [claims_file(elm, 1)], now=datetime(2026, 11, 20, tzinfo=UTC), control_numbers=numbers
    )
    assert b"*000000042*0*P*" in answer
    assert b"*1*X*005010X231A1" in answer
