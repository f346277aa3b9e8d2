"""Stripe, by its own library: the only file that knows it. What leaves is made of a `ProcessorCall` alone.

Connect with Standard accounts: the practice is the merchant, and every call but those about its account
is made in its name (direct charges). What is asked for here is at most an id, an amount, or a sentence
of `ProcessorText`; what people type is typed on Stripe's own pages.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import stripe
from stripe import HTTPClient, HTTPXClient, StripeClient, WebhookSignature

from billing_saas.gateways import stripe_answers as answers
from billing_saas.gateways.stripe_answers import REFERENCE
from billing_saas.kit import clock
from billing_saas.kit.processing import (
    AccountTold,
    CheckoutTold,
    DisputeTold,
    EventTold,
    IntentTold,
    PayoutTold,
    ProcessorCall,
    RefundTold,
    ReturnTo,
    SetupTold,
)
from billing_saas.kit.protocols import (
    NotTheProcessor,
    ProcessorDown,
    ProcessorRefused,
    ProcessorUnknown,
)

TOLERANCE = timedelta(seconds=300)
_SECONDS = 10.0
_PAGE = 100
_MOST_PAGES = 100
_LINE = ["latest_charge.balance_transaction"]
_LATE = timedelta(days=2)
"""An asking by the same key may have reached Stripe this long after the first one."""

# Its library measures our requests and tells Stripe; nobody asked for that.
stripe.enable_telemetry = False


class StripeProcessor:
    def __init__(
        self,
        key: str,
        webhook_secret: str,
        site: str,
        *,
        portal_site: str = "",
        api: str = "",
        http: HTTPClient | None = None,
        retries: int = 1,
    ) -> None:
        """`site` is where staff come back to, `portal_site` patients (empty: the same); `api` is another
        address than Stripe's, of the sandbox."""
        self.livemode = key.startswith(("sk_live_", "rk_live_"))
        self._secret = webhook_secret
        self._sites = {ReturnTo.ACCOUNT: site}
        self._portal_site = portal_site or site
        self._client = StripeClient(
            key,
            base_addresses={"api": api} if api else {},
            max_network_retries=retries,
            http_client=http or HTTPXClient(timeout=_SECONDS),
        )

    # --- the practice's account ---

    async def open_account(self, call: ProcessorCall) -> AccountTold:
        made = await _changed(
            self._client.v1.accounts.create_async,
            {"type": "standard", "country": "US", "metadata": _reference(call)},
            _options(call),
        )
        return answers.account(made)

    async def onboarding(self, call: ProcessorCall) -> str:
        back = self._back(call)
        made = await _changed(
            self._client.v1.account_links.create_async,
            {
                "account": call.ids["account"],
                "type": "account_onboarding",
                "refresh_url": back,
                "return_url": back,
            },
            _options(call),
        )
        return str(made["url"])

    async def account(self, call: ProcessorCall) -> AccountTold:
        return answers.account(
            await _read(self._client.v1.accounts.retrieve_async, call.ids["account"])
        )

    # --- pages ---

    async def checkout(self, call: ProcessorCall) -> CheckoutTold:
        return await self._page(
            call,
            {
                "mode": "payment",
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {
                            "currency": call.currency,
                            "unit_amount": call.cents,
                            "product_data": {"name": call.text.value},
                        },
                    }
                ],
                "payment_intent_data": {"metadata": _reference(call)},
            },
        )

    async def setup(self, call: ProcessorCall) -> CheckoutTold:
        return await self._page(
            call,
            {
                "mode": "setup",
                "currency": call.currency,
                "allowed_payment_method_types": ["card"],
                "customer_creation": "always",
                "setup_intent_data": {"metadata": _reference(call)},
            },
        )

    async def _page(self, call: ProcessorCall, of_its_kind: dict[str, Any]) -> CheckoutTold:
        assert call.at is not None
        back = self._back(call)
        made = await _changed(
            self._client.v1.checkout.sessions.create_async,
            {
                **of_its_kind,
                "client_reference_id": str(call.reference),
                "metadata": _reference(call),
                "success_url": back,
                "cancel_url": back,
                "expires_at": int(call.at.timestamp()),
            },
            _options(call),
        )
        return answers.checkout(made)

    async def expire(self, call: ProcessorCall) -> CheckoutTold:
        ended = await _changed(
            self._client.v1.checkout.sessions.expire_async,
            call.ids["checkout"],
            {},
            _options(call),
        )
        return answers.checkout(ended)

    async def checkout_told(self, call: ProcessorCall) -> CheckoutTold:
        sessions = self._client.v1.checkout.sessions
        return answers.checkout(
            await _read(sessions.retrieve_async, call.ids["checkout"], {}, _options(call))
        )

    async def checkout_of(self, call: ProcessorCall) -> list[CheckoutTold]:
        found = self._listed(self._client.v1.checkout.sessions.list_async, _around(call), call)
        return [
            answers.checkout(one)
            async for one in found
            if one.get("client_reference_id") == str(call.reference)
        ]

    async def setup_told(self, call: ProcessorCall) -> SetupTold:
        intents = self._client.v1.setup_intents
        return answers.setup(
            await _read(
                intents.retrieve_async,
                call.ids["setup"],
                {"expand": ["payment_method"]},
                _options(call),
            )
        )

    async def forget_card(self, call: ProcessorCall) -> None:
        try:
            await _changed(
                self._client.v1.payment_methods.detach_async,
                call.ids["method"],
                {},
                _options(call),
            )
        except ProcessorRefused:
            return  # it is attached to nobody any more

    # --- money ---

    async def charge(self, call: ProcessorCall) -> IntentTold:
        try:
            made = await _changed(
                self._client.v1.payment_intents.create_async,
                {
                    "amount": call.cents,
                    "currency": call.currency,
                    "customer": call.ids["customer"],
                    "payment_method": call.ids["method"],
                    "description": call.text.value,
                    "metadata": _reference(call),
                    "confirm": True,
                    "off_session": True,
                },
                _options(call),
            )
        except _Declined as declined:
            if not declined.intent:
                raise ProcessorRefused(declined.code) from None
            made = {"id": declined.intent}
        ids = {**call.ids, "intent": made["id"]}
        try:
            return await self.intent(ProcessorCall(account=call.account, ids=ids))
        except (ProcessorDown, ProcessorRefused) as error:
            # It was made, and cannot be looked at: the same key shows it later.
            raise ProcessorUnknown from error

    async def intent(self, call: ProcessorCall) -> IntentTold:
        options = _options(call)
        found = await _read(
            self._client.v1.payment_intents.retrieve_async,
            call.ids["intent"],
            {"expand": _LINE},
            options,
        )
        return await self._with_the_rest(found, call)

    async def _with_the_rest(self, found: dict[str, Any], call: ProcessorCall) -> IntentTold:
        if not found.get("latest_charge"):
            return answers.intent(found)
        of_it = {"payment_intent": found["id"]}
        refunds = [one async for one in self._refunds(of_it, call)]
        disputes = [
            one async for one in self._listed(self._client.v1.disputes.list_async, of_it, call)
        ]
        return answers.intent(found, refunds, disputes)

    async def intents_of(self, call: ProcessorCall) -> list[IntentTold]:
        found = self._listed(
            self._client.v1.payment_intents.list_async,
            {**_around(call), "expand": [f"data.{name}" for name in _LINE]},
            call,
        )
        ours = [one async for one in found if answers.reference(one) == call.reference]
        return [await self._with_the_rest(one, call) for one in ours]

    async def intent_about(self, call: ProcessorCall) -> IntentTold | None:
        options = _options(call)
        v1 = self._client.v1
        ways: dict[str, Callable[..., Awaitable[Any]]] = {
            "charge": v1.charges.retrieve_async,
            "refund": v1.refunds.retrieve_async,
            "dispute": v1.disputes.retrieve_async,
        }
        ((kind, its_id),) = call.ids.items()
        found = await _read(ways[kind], its_id, {}, options)
        intent = answers.id_of(found.get("payment_intent"))
        if not intent:
            return None
        return await self.intent(ProcessorCall(account=call.account, ids={"intent": intent}))

    async def refund(self, call: ProcessorCall) -> RefundTold:
        made = await _changed(
            self._client.v1.refunds.create_async,
            {
                "charge": call.ids["charge"],
                "amount": call.cents,
                "metadata": _reference(call),
            },
            _options(call),
        )
        return answers.refund(made)

    async def refunds_of(self, call: ProcessorCall) -> list[RefundTold]:
        found = self._refunds({"charge": call.ids["charge"]}, call)
        return [answers.refund(one) async for one in found]

    async def _refunds(
        self, of: dict[str, str], call: ProcessorCall
    ) -> AsyncIterator[dict[str, Any]]:
        """With the movement of each, and that of one which came back: it has such a field only then."""
        v1 = self._client.v1
        params = {**of, "expand": ["data.balance_transaction"]}
        async for one in self._listed(v1.refunds.list_async, params, call):
            came_back = one.get("failure_balance_transaction")
            if isinstance(came_back, str):
                read = v1.balance_transactions.retrieve_async
                line = await _read(read, came_back, {}, _options(call))
                yield {**one, "failure_balance_transaction": line}
            else:
                yield one

    async def answer_dispute(self, call: ProcessorCall) -> DisputeTold:
        told = await _changed(
            self._client.v1.disputes.update_async,
            call.ids["dispute"],
            {"evidence": {"uncategorized_text": call.text.value}, "submit": True},
            _options(call),
        )
        return answers.dispute(told)

    async def payout(self, call: ProcessorCall) -> PayoutTold:
        v1 = self._client.v1
        found = await _read(v1.payouts.retrieve_async, call.ids["payout"], {}, _options(call))
        lines = []
        if found.get("automatic"):
            listed = self._listed(
                v1.balance_transactions.list_async, {"payout": call.ids["payout"]}, call
            )
            lines = [one async for one in listed]
        return answers.payout(found, lines)

    # --- knocks ---

    def event(self, body: bytes, signature: str) -> EventTold:
        """The library's check of the signature; the age by our own clock, in both directions."""
        try:
            text = body.decode()
            WebhookSignature.verify_header(text, signature, self._secret, tolerance=None)
            said = next(part for part in signature.split(",") if part.startswith("t="))
            age = abs(clock.now().timestamp() - int(said[2:]))
            if age > TOLERANCE.total_seconds():
                raise NotTheProcessor("too old")
            return answers.event(json.loads(text))
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, StopIteration):
            raise NotTheProcessor("not signed by the processor") from None
        except (AttributeError, RecursionError):
            raise NotTheProcessor("not an event") from None

    async def close(self) -> None:
        client: Any = self._client._requestor._client
        await client.close_async()

    # --- how it is asked ---

    def _back(self, call: ProcessorCall) -> str:
        site = self._sites.get(call.return_to, self._portal_site)
        return site + call.return_to.value.format(reference=call.reference)

    async def _listed(
        self, ask: Callable[..., Awaitable[Any]], params: dict[str, Any], call: ProcessorCall
    ) -> AsyncIterator[dict[str, Any]]:
        after: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            page = await _read(ask, {**params, "limit": _PAGE, **after}, _options(call))
            for one in page["data"]:
                yield one
            if not page["has_more"] or not page["data"]:
                return
            after = {"starting_after": page["data"][-1]["id"]}
        raise ProcessorDown  # longer than any list of ours: half of it would be a wrong answer


class _Declined(ProcessorRefused):
    """The card was declined; `intent` is the payment that was made of it."""

    def __init__(self, code: str, intent: str) -> None:
        super().__init__(code)
        self.intent = intent


def _reference(call: ProcessorCall) -> dict[str, str]:
    assert isinstance(call.reference, UUID)
    return {REFERENCE: str(call.reference)}


def _options(call: ProcessorCall) -> Any:
    options: dict[str, str] = {}
    if call.account:
        options["stripe_account"] = call.account
    if call.key:
        options["idempotency_key"] = call.key
    return options


def _around(call: ProcessorCall) -> dict[str, Any]:
    assert call.at is not None
    since = int((call.at - timedelta(minutes=10)).timestamp())
    return {"created": {"gte": since, "lte": int((call.at + _LATE).timestamp())}}


async def _changed(ask: Callable[..., Awaitable[Any]], *told: Any) -> dict[str, Any]:
    """A call that may have changed something: what nobody heard the end of is unknown."""
    try:
        return _plain(await ask(*told))
    except stripe.CardError as error:
        raise _Declined(_code(error), _intent_in(error)) from None
    except (stripe.RateLimitError, stripe.AuthenticationError) as error:
        raise ProcessorDown(type(error).__name__) from None
    except (stripe.InvalidRequestError, stripe.PermissionError) as error:
        raise ProcessorRefused(_code(error)) from None
    except stripe.StripeError as error:
        raise ProcessorUnknown(type(error).__name__) from None


async def _read(ask: Callable[..., Awaitable[Any]], *told: Any) -> dict[str, Any]:
    try:
        return _plain(await ask(*told))
    except (stripe.InvalidRequestError, stripe.PermissionError) as error:
        raise ProcessorRefused(_code(error)) from None
    except stripe.StripeError as error:
        raise ProcessorDown(type(error).__name__) from None


def _plain(found: Any) -> dict[str, Any]:
    plain: dict[str, Any] = found.to_dict()
    return plain


def _code(error: stripe.StripeError) -> str:
    """A word of Stripe's; never its message, which may quote what was sent."""
    body: Any = error.json_body if isinstance(error.json_body, dict) else {}
    said = body.get("error") or {}
    return (
        answers.word(said.get("decline_code"))
        or answers.word(said.get("code"))
        or answers.word(said.get("type"))
        or "refused"
    )


def _intent_in(error: stripe.StripeError) -> str:
    body: Any = error.json_body if isinstance(error.json_body, dict) else {}
    return answers.id_of((body.get("error") or {}).get("payment_intent"))
