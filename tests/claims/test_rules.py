"""The table of legal moves, and who must act next: every state of the schema has its place."""

import re
from pathlib import Path

import pytest

from billing_saas.claims import rules
from billing_saas.claims.rules import MOVES, NEW, Standing

SCHEMA = Path("migrations/versions/0009_claims.py").read_text()
OWNERS = {"biller", "coder", "practice", "payer", "patient", "system"}


def states_in_schema(column: str) -> set[str]:
    found = re.search(rf"\b{column} text NOT NULL[^(]*\(\s*{column} IN \((.*?)\)\)", SCHEMA, re.S)
    assert found, column
    return set(re.findall(r"'(\w+)'", found[1]))


@pytest.mark.parametrize("field", MOVES)
def test_the_table_and_the_schema_know_the_same_states(field: str) -> None:
    table = MOVES[field]
    reached = frozenset().union(*table.values())
    assert set(table) - {NEW} == states_in_schema(field)
    assert reached == states_in_schema(field)
    assert all(state not in reachable for state, reachable in table.items())


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("work", ["draft", "coding", "coded", "review", "ready", "held", "ready", "closed"]),
        ("receivable", ["primary", "secondary", "tertiary", "patient", "settled"]),
        ("delivery", ["queued", "sent", "received", "accepted"]),
        ("adjudication", ["none", "pending", "info_requested", "paid", "reversed", "denied"]),
    ],
)
def test_the_paths_of_the_domain_are_legal(field: str, path: list[str]) -> None:
    assert all(rules.is_legal(field, now, to) for now, to in zip([NEW, *path], path, strict=False))


@pytest.mark.parametrize(
    ("field", "now", "to"),
    [
        ("work", "draft", "ready"),
        ("work", "closed", "ready"),
        ("work", "not_billable", "draft"),
        ("delivery", "rejected", "accepted"),
        ("delivery", "queued", "accepted"),
        ("adjudication", "none", "reversed"),
        ("adjudication", "reversed", "none"),
        ("receivable", "primary", "draft"),
        ("work", "nowhere", "draft"),
    ],
)
def test_the_others_are_not(field: str, now: str, to: str) -> None:
    assert not rules.is_legal(field, now, to)


def test_everything_has_an_owner() -> None:
    for work in set(MOVES["work"]) - {NEW}:
        for receivable in set(MOVES["receivable"]) - {NEW}:
            for delivery in MOVES["delivery"]:
                for adjudication in MOVES["adjudication"]:
                    standing = Standing(work, receivable, delivery, adjudication)
                    assert rules.next_action_owner(standing) in OWNERS


@pytest.mark.parametrize(
    ("standing", "owner"),
    [
        (Standing("ready", "primary", "queued", "none"), "system"),
        (Standing("ready", "primary", "sent", "none"), "payer"),
        (Standing("ready", "primary", "rejected", "none"), "biller"),
        (Standing("ready", "primary", "accepted", "denied"), "biller"),
        (Standing("ready", "primary", "accepted", "info_requested"), "practice"),
        (Standing("ready", "secondary", "accepted", "paid"), "biller"),
        (Standing("ready", "patient", "accepted", "paid"), "patient"),
        (Standing("ready", "settled", "accepted", "paid"), "system"),
        (Standing("coding", "primary"), "coder"),
        (Standing("held", "patient"), "biller"),
    ],
)
def test_who_must_move_next(standing: Standing, owner: str) -> None:
    assert rules.next_action_owner(standing) == owner


@pytest.mark.parametrize(
    ("charged", "paid", "adjusted", "balance", "state"),
    [
        (100, 0, 0, 100, "unpaid"),
        (100, 0, 20, 80, "unpaid"),
        (100, 50, 20, 30, "partial"),
        (100, 80, 20, 0, "paid"),
        (100, 0, 100, 0, "written_off"),
        (100, 120, 0, -20, "credit"),
        (0, 0, 0, 0, "unpaid"),
    ],
)
def test_a_claims_money(charged: int, paid: int, adjusted: int, balance: int, state: str) -> None:
    assert rules.money_state(charged, paid, adjusted, balance) == state


def test_our_claim_numbers_fit_and_differ() -> None:
    numbers = {rules.new_claim_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(re.fullmatch(r"[A-Z0-9]{12,20}", number) for number in numbers)
