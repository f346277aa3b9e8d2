"""How PostgreSQL finds the rows of a list, as the application asks for them: roles, policies and all."""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event

from billing_saas.kit.db import TenantSession


@dataclass(frozen=True)
class Plan:
    nodes: list[dict[str, Any]]

    @property
    def shape(self) -> list[tuple[str, str]]:
        """Each node with its index."""
        return [(node["Node Type"], node.get("Index Name", "")) for node in self.nodes]

    @property
    def buffers(self) -> int:
        """Pages of 8 KiB that were looked at, cached or not."""
        top = self.nodes[0]
        return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])

    @property
    def scans_all(self) -> bool:
        return any(node["Node Type"] == "Seq Scan" for node in self.nodes)


class _Asked(Exception):
    def __init__(self, statement: str, parameters: Any) -> None:
        super().__init__()
        self.statement, self.parameters = statement, parameters


async def plan_of(db: TenantSession, ask: Callable[[], Awaitable[object]]) -> Plan:
    """Of the first statement with a LIMIT that `ask` sends: the list itself."""
    asked = await _statement(db, ask)
    connection = await db.connection()
    told = await connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {asked.statement}", asked.parameters
    )
    found = told.scalar_one()
    (plan,) = found if isinstance(found, list) else json.loads(found)
    return Plan(list(_nodes(plan["Plan"])))


async def _statement(db: TenantSession, ask: Callable[[], Awaitable[object]]) -> _Asked:
    engine = db.sync_session.get_bind()

    def stop(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if " LIMIT " in statement.replace("\n", " "):
            raise _Asked(statement, parameters)

    event.listen(engine, "before_cursor_execute", stop)
    try:
        await ask()
    except _Asked as asked:
        return asked
    finally:
        event.remove(engine, "before_cursor_execute", stop)
    raise AssertionError("no list was asked for")


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)
