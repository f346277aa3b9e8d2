"""Nothing that can be asked gets a 500, or an answer that the contract does not know.

The fast tier asks the same requests each time; the slow one asks others at every run.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import GenerationMode
from schemathesis.core.transport import Response

from tests.api.conforming import the_contract
from tests.api.generated import PROMISED, Office, opened, schema_of

SCHEMA = schema_of(the_contract().document)
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
FREELY = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
FAST = settings(FREELY, max_examples=100, derandomize=True)
SLOW = settings(FREELY, max_examples=900, print_blob=True)


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with opened() as made:
        yield made


def requests(*modes: GenerationMode) -> st.SearchStrategy[Any]:
    """POSITIVE keep to the contract; NEGATIVE break it in one place."""
    made = [
        operation.as_strategy(generation_mode=mode) for operation in OPERATIONS for mode in modes
    ]
    return st.one_of(made)


def each_by_each(office: Office, bounds: settings) -> None:
    @bounds
    @given(requests(GenerationMode.POSITIVE, GenerationMode.NEGATIVE))
    def ask(case: Any) -> None:
        response = office.ask(case, office.boss.token)
        case.validate_response(response, checks=PROMISED)

    ask()


def one_after_the_other(office: Office, bounds: settings) -> None:
    """What one answer names is asked for by the next request, along the contract's links."""

    class Walk(SCHEMA.as_state_machine()):  # type: ignore[misc]  # a class made at run time
        def call(self, case: Any, **_: Any) -> Response:
            return Response.from_any(office.ask(case, office.boss.token))

        def validate_response(self, response: Response, case: Any, **_: Any) -> None:
            case.validate_response(response, checks=PROMISED)

    run_state_machine_as_test(Walk, settings=bounds)


def test_any_request_gets_an_answer_of_the_contract(office: Office) -> None:
    office.heard.clear()
    each_by_each(office, FAST)
    assert {200, 400, 404} <= set(office.heard), office.heard


def test_what_is_led_to_gets_an_answer_of_the_contract(office: Office) -> None:
    office.heard.clear()
    one_after_the_other(office, settings(FAST, max_examples=10, stateful_step_count=8))
    assert office.heard[200] > sum(office.heard.values()) / 20, office.heard


def test_without_a_token_any_request_gets_401(office: Office) -> None:
    @settings(FAST, max_examples=40)
    @given(requests(GenerationMode.POSITIVE))
    def ask(case: Any) -> None:
        response = office.ask(case, None)
        # What is asked in its body, and how, is judged before who asks: of the one route for machines.
        refused = (400, 401) if case.path.endswith("/oauth/token") else (401,)
        assert response.status_code in refused, response.text
        case.validate_response(response, checks=PROMISED)

    ask()


@pytest.mark.slow
def test_any_request_gets_an_answer_of_the_contract_at_length(office: Office) -> None:
    each_by_each(office, SLOW)


@pytest.mark.slow
def test_what_is_led_to_gets_an_answer_of_the_contract_at_length(office: Office) -> None:
    one_after_the_other(office, settings(SLOW, max_examples=60, stateful_step_count=20))
