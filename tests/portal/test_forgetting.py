"""What ran out is removed, what may still be asked by is kept."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from billing_saas.kit import clock
from billing_saas.kit.db import Database
from billing_saas.links.tables import PortalLink
from billing_saas.portal.tables import PortalSession
from billing_saas.portal_office import forgetting
from billing_saas.portal_office.jobs import ForgetPortal
from tests.cast import Tenant
from tests.portal import debts
from tests.portal.visiting import Phone


@pytest.mark.parametrize(("days", "links", "sessions"), [(0, 1, 1), (3, 1, 0), (211, 0, 0)])
async def test_what_ran_out_is_removed(
    phone: Phone,
    link: str,
    database: Database,
    elm: Tenant,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
    links: int,
    sessions: int,
) -> None:
    await phone.open_link(link)
    later = clock.now() + timedelta(days=days)
    monkeypatch.setattr(clock, "now", lambda: later)
    async with database.platform() as db:
        await forgetting.forget(db, debts.SYSTEM, ForgetPortal())
    async with database.tenant(elm.id) as db:
        assert await db.scalar(select(func.count()).select_from(PortalLink)) == links
        assert await db.scalar(select(func.count()).select_from(PortalSession)) == sessions


async def test_the_platform_learns_whose_a_session_is_and_no_more(
    database: Database, elm: Tenant, rosa: UUID
) -> None:
    async with database.platform() as db:
        for table, column in (
            ("portal_session", "guarantor_id"),
            ("portal_session", "statement_id"),
            ("portal_code", "code_hash"),
            ("portal_look", "shown_name"),
        ):
            assert not await db.scalar(
                select(func.has_column_privilege(table, column, "SELECT"))
            ), (table, column)
