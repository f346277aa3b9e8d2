"""`python -m billing_sandbox.stripe --port 12111`: the sandbox until it is stopped."""

import argparse
import signal
import sys
import threading

from billing_sandbox.stripe.running import Sandbox
from billing_sandbox.stripe.store import Timing


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m billing_sandbox.stripe", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111, help="0: any that is free")
    parser.add_argument("--api-key", help="default: a new one, printed")
    parser.add_argument("--webhook-secret", help="default: a new one, printed")
    parser.add_argument("--public-url", help="where browsers find it, when that is not HOST:PORT")
    parser.add_argument(
        "--deliver-to", action="append", default=[], metavar="URL", help="events of all accounts"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="debits, refunds and payouts that take days take seconds",
    )
    given = parser.parse_args()
    sandbox = Sandbox(
        host=given.host,
        port=given.port,
        api_key=given.api_key,
        webhook_secret=given.webhook_secret,
        public_url=given.public_url,
        timing=Timing(refund=5, bank_debit=5, dispute_decision=5, funds_available=5, payout=5)
        if given.quick
        else None,
    )
    stop = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: stop.set())
    with sandbox:
        for url in given.deliver_to:
            sandbox.deliver_to(url, connect=True)
            sandbox.deliver_to(url, connect=False)
        sys.stdout.write(
            f"url={sandbox.url}\napi_key={sandbox.api_key}\n"
            f"webhook_secret={sandbox.webhook_secret}\n"
        )
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
