"""What happens to a Checkout session on its page, and after it."""

from billing_sandbox.stripe import confirming, customers, errors, intents, setups
from billing_sandbox.stripe.store import Book, Obj, World


def watch(world: World) -> None:
    """Say on the session what became of a slow debit."""

    def ended(book: Book, intent: Obj) -> None:
        for session in book.of("checkout.session"):
            if session["payment_intent"] == intent["id"]:
                paid = intent["status"] == "succeeded"
                if paid:
                    session["payment_status"] = "paid"
                kind = "succeeded" if paid else "failed"
                world.emit(book, f"checkout.session.async_payment_{kind}", session)

    world.watchers.append(ended)


def pay(world: World, book: Book, session: Obj, method: Obj, *, email: str | None = None) -> Obj:
    """The visitor has pressed the button. Raises a decline; the page may be tried again."""
    check_open(session)
    if method["type"] not in session["payment_method_types"]:
        raise errors.refused("This way of paying is not offered.", param="payment_method")
    details = method["billing_details"]
    email = session["customer_email"] or email or details["email"]
    session["_email"] = email
    session["_name"] = details["name"]
    if session["mode"] == "setup":
        setup = book.get("setup_intent", session["setup_intent"])
        setup["customer"] = _buyer(world, book, session)
        setup = setups.confirm(world, book, setup, method, return_url=back(world, book, session))
        _after(world, book, session, setup)
        return setup
    intent = _the_intent(world, book, session)
    intent["customer"] = _buyer(world, book, session)
    confirming.confirm(world, book, intent, method, return_url=back(world, book, session))
    _after(world, book, session, intent)
    return intent


def _buyer(world: World, book: Book, session: Obj) -> str | None:
    if session["customer"] is None and _wants_customer(session):
        customer = customers.make(world, book, email=session["_email"], name=session["_name"])
        world.emit(book, "customer.created", customer)
        session["customer"] = customer["id"]
    return None if session["customer"] is None else str(session["customer"])


def _wants_customer(session: Obj) -> bool:
    return bool(
        session["customer_creation"] == "always" or session["_intent"]["setup_future_usage"]
    )


def _the_intent(world: World, book: Book, session: Obj) -> Obj:
    if session["payment_intent"]:
        return book.get("payment_intent", session["payment_intent"])
    intent = intents.make(
        world,
        book,
        session["amount_total"],
        session["currency"],
        **session["_intent"],
        payment_method_types=session["payment_method_types"],
    )
    session["payment_intent"] = intent["id"]
    world.emit(book, "payment_intent.created", intent)
    return intent


def back(world: World, book: Book, session: Obj) -> str:
    """Where 3D Secure returns to: the session's page, which then goes on."""
    return f"{world.url}/c/pay/{book.account_id}/{session['id']}"


def after_authentication(world: World, book: Book, session: Obj) -> None:
    done = book.any(session["payment_intent"] or session["setup_intent"])
    if done is not None and session["status"] == "open":
        _after(world, book, session, done)


def _after(world: World, book: Book, session: Obj, intent: Obj) -> None:
    """Complete when the money came, is under way, or is held."""
    if intent["status"] not in ("succeeded", "processing", "requires_capture"):
        return
    session["status"] = "complete"
    session["url"] = None
    if session["mode"] == "payment" and intent["status"] == "succeeded":
        session["payment_status"] = "paid"
    email, name = session.get("_email"), session.get("_name")
    if session["customer"]:
        customer = book.any(session["customer"]) or {}
        email, name = customer.get("email") or email, customer.get("name") or name
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    world.emit(book, "checkout.session.completed", session)


def check_open(session: Obj) -> None:
    if session["status"] != "open":
        raise errors.refused(
            f"This Checkout Session is {session['status']}.", "checkout_session_not_open"
        )


def lapse(world: World, book: Book, session: Obj) -> None:
    if session["status"] != "open":
        return
    session.update(status="expired", url=None)
    if session["payment_intent"]:
        intent = book.get("payment_intent", session["payment_intent"])
        if intent["status"] in ("requires_payment_method", "requires_action"):
            intent.update(
                status="canceled",
                canceled_at=world.clock.now(),
                cancellation_reason="expired",
                next_action=None,
            )
            world.emit(book, "payment_intent.canceled", intent)
    world.emit(book, "checkout.session.expired", session)
