"""Lists with cursors, and ids that are asked to be whole objects."""

from collections.abc import Callable, Iterable
from typing import Any

from billing_sandbox.stripe import errors
from billing_sandbox.stripe.forms import Params
from billing_sandbox.stripe.store import Book, Obj, World, public


def page(params: Params, rows: list[Obj], url: str) -> Obj:
    """`rows` newest first."""
    limit = params.whole("limit")
    limit = 10 if limit is None else limit
    if not 1 <= limit <= 100:
        raise errors.invalid("This value must be between 1 and 100.", "limit")
    rows = [row for row in rows if _within(params, row.get("created", 0))]
    after, before = params.text("starting_after"), params.text("ending_before")
    if after and before:
        raise errors.invalid("You can't give both starting_after and ending_before.")
    if after:
        rows = rows[_at(rows, after, "starting_after") + 1 :]
    if before:
        rows = rows[: _at(rows, before, "ending_before")]
        more, rows = len(rows) > limit, rows[-limit:]
    else:
        more, rows = len(rows) > limit, rows[:limit]
    return {"object": "list", "data": rows, "has_more": more, "url": url}


def _at(rows: list[Obj], name: str, param: str) -> int:
    for position, row in enumerate(rows):
        if row["id"] == name:
            return position
    raise errors.invalid(f"No such object: '{name}'", param, "resource_missing")


def _within(params: Params, created: int) -> bool:
    asked = params.values.get("created")
    if asked is None:
        return True
    if isinstance(asked, str):
        return created == params.whole("created")
    bounds = params.inner("created")
    bounds.only(("gt", "gte", "lt", "lte"))
    tests: dict[str, Callable[[int], bool]] = {
        "gt": lambda at: created > at,
        "gte": lambda at: created >= at,
        "lt": lambda at: created < at,
        "lte": lambda at: created <= at,
    }
    return all(
        test(bound) for name, test in tests.items() if (bound := bounds.whole(name)) is not None
    )


def matching(rows: Iterable[Obj], params: Params, *names: str) -> list[Obj]:
    """Rows whose fields are what the parameters of the same names say."""
    asked = {name: wanted for name in names if (wanted := params.text(name)) is not None}
    return [row for row in rows if all(row.get(name) == want for name, want in asked.items())]


# Fields that Stripe leaves out unless they are asked for, and how each is found.
_LEFT_OUT: dict[tuple[str, str], Callable[[Book, Obj], Any]] = {}


def left_out(kind: str, name: str) -> Callable[[Callable[[Book, Obj], Any]], None]:
    def take(find: Callable[[Book, Obj], Any]) -> None:
        _LEFT_OUT[kind, name] = find

    return take


def rendered(world: World, book: Book, answer: Obj, expand: list[str]) -> Obj:
    shown: Obj = public(answer)
    for path in expand:
        _expand(world, book, shown, path.split("."), path)
    return shown


def _expand(world: World, book: Book, node: Any, path: list[str], whole: str) -> None:
    if not path:
        return
    name, rest = path[0], path[1:]
    if len(path) > 4:
        raise errors.invalid("You cannot expand more than 4 levels of a property.", "expand")
    for each in node if isinstance(node, list) else [node]:
        if not isinstance(each, dict):
            raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
        left = _LEFT_OUT.get((str(each.get("object")), name))
        if left is not None and each.get(name) is None:
            original = book.any(each["id"])
            each[name] = public(left(book, original or each))
        elif name not in each:
            raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
        value = each[name]
        if isinstance(value, str):
            target = book.any(value)
            if target is None and value.startswith("acct_"):
                target = world.platform.any(value)
            if target is None:
                raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
            each[name] = public(target)
        elif value is not None and not isinstance(value, (dict, list)):
            raise errors.invalid(f"This property cannot be expanded ({whole}).", "expand")
        if value is not None:
            _expand(world, book, each[name], rest, whole)
