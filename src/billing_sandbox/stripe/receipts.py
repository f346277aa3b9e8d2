"""Where a charge's receipt can be looked at."""

from billing_sandbox.stripe.store import Book, World


def url(world: World, book: Book, charge_id: str) -> str:
    return f"{world.url}/receipts/{book.account_id}/{charge_id}"
