"""Answers that say no, in Stripe's shape."""

from typing import Any

_DOCS = "https://docs.stripe.com/error-codes"


class StripeError(Exception):
    """One refusal. `begun`: whether the endpoint had begun its work, and an idempotency key keeps it."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        begun: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.code = code
        self.begun = begun
        said: dict[str, Any] = {"message": message, "type": kind}
        if code:
            said |= {"code": code, "doc_url": f"{_DOCS}/{code.replace('_', '-')}"}
        if param:
            said["param"] = param
        self.said = said | {name: value for name, value in more.items() if value is not None}


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """The parameters cannot be meant; nothing was begun."""
    return StripeError(message, param=param, code=code, begun=False)


def missing(param: str) -> StripeError:
    return StripeError(
        f"Missing required param: {param}.", param=param, code="parameter_missing", begun=False
    )


def unknown(params: list[str]) -> StripeError:
    many = "s" if len(params) > 1 else ""
    return StripeError(
        f"Received unknown parameter{many}: {', '.join(params)}",
        param=params[0],
        code="parameter_unknown",
        begun=False,
    )


def no_such(kind: str, name: str, param: str = "id", *, in_path: bool = True) -> StripeError:
    return StripeError(
        f"No such {kind}: '{name}'",
        status=404 if in_path else 400,
        code="resource_missing",
        param=param,
    )


def at_least_one(param: str) -> StripeError:
    return invalid(
        "This value must be greater than or equal to 1.", param, "parameter_invalid_integer"
    )


def refused(message: str, code: str | None = None, **more: Any) -> StripeError:
    """The parameters are fine; the state of the thing forbids it."""
    return StripeError(message, code=code, **more)
