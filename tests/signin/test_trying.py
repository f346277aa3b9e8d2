"""S7: guessing is hopeless, and no guesser locks anybody out. By the limits themselves, on a clock of
the test's own: ten thousand tries over HTTP would take an hour."""

from dataclasses import replace

import pytest

from billing_saas.requests.errors import TooMany
from billing_saas.signin import rules
from billing_saas.signin.trying import Place, Tries
from tests.signin import people
from tests.signin.people import HOME, Clock

ALICE, SAM = "alice@example.test", "sam@example.test"


@pytest.fixture
def ticking() -> Clock:
    return Clock()


@pytest.fixture
def tries(ticking: Clock) -> Tries:
    return people.tries_by(ticking)


async def refused(tries: Tries, account: str, place: Place) -> bool:
    try:
        await tries.of_account("password", account, place)
    except TooMany:
        return True
    return False


@pytest.mark.slow
async def test_ten_thousand_wrong_passwords_lock_out_neither_the_person_nor_the_company(
    tries: Tries, ticking: Clock
) -> None:
    """From many addresses, in ten minutes. Alice sits at the browser she always uses; Sam, of the same
    company and office, at one that nobody knows."""
    knows_alice = replace(HOME, device=tries.remembering(ALICE, HOME))
    through = 0
    for number in range(10_000):
        place = Place(prefix=f"198.51.{number // 250 % 100}.{number % 250}")
        through += not await refused(tries, ALICE, place)
        ticking.forward(0.061)
    assert through < 50
    assert not await refused(tries, ALICE, knows_alice)
    assert not await refused(tries, SAM, HOME)
    assert await refused(tries, ALICE, HOME)  # at an unknown browser Alice waits


async def test_waiting_grows_with_trying(tries: Tries, ticking: Clock) -> None:
    through = 0
    for _ in range(24 * 60 * 6):  # every ten seconds for a day, from one place
        through += not await refused(tries, ALICE, HOME)
        ticking.forward(10)
    assert through <= 100 * 2  # a day's bucket, and what it fills in a day
    ticking.forward(86_400)
    assert not await refused(tries, ALICE, HOME)


async def test_a_burst_lets_five_through(tries: Tries) -> None:
    import asyncio

    found = await asyncio.gather(*(refused(tries, ALICE, HOME) for _ in range(50)))
    assert found.count(False) == 5


@pytest.mark.parametrize(
    "typed", ["ALICE@example.test", " alice@example.test ", "ａｌｉｃｅ@example.test"]
)
async def test_another_way_to_write_an_address_is_no_other_account(
    tries: Tries, typed: str
) -> None:
    while not await refused(tries, ALICE, HOME):
        pass
    assert await refused(tries, typed, HOME)
    assert rules.folded(typed) == ALICE


async def test_a_device_is_known_by_the_accounts_that_signed_in_there(tries: Tries) -> None:
    device = tries.remembering(ALICE, HOME)
    both = tries.remembering(SAM, replace(HOME, device=device))
    assert tries.knows(ALICE, replace(HOME, device=both))
    assert tries.knows(SAM, replace(HOME, device=both))
    assert not tries.knows(SAM, replace(HOME, device=device))
    browser, tag = device.split(".")
    forged = f"{browser}.{'0' * len(tag)}"
    assert not tries.knows(ALICE, replace(HOME, device=forged))
    other_browser = f"{browser[::-1]}.{tag}"
    assert not tries.knows(ALICE, replace(HOME, device=other_browser))


async def test_a_cookie_made_up_is_no_bucket_of_ones_own(tries: Tries) -> None:
    through = 0
    for number in range(200):
        made_up = replace(HOME, device=f"made-up-{number}.{number:032x}")
        through += not await refused(tries, ALICE, made_up)
    assert through == 5


async def test_letters_to_one_address_are_few(tries: Tries, ticking: Clock) -> None:
    sent = 0
    for number in range(100):
        try:
            await tries.of_asking(ALICE, Place(prefix=f"203.0.113.{number}"))
            sent += 1
        except TooMany:
            pass
        ticking.forward(60)
    assert sent <= 3 + 100 // 20
