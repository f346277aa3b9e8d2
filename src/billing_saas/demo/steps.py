"""What `make demo` shows: the main job on real files, as its users would do it, over HTTP.

The demo provisions two practices, starts the server and a worker, hands in claims and remittances
with bearer tokens, waits for the worker, and checks what it shows. A step that does not give what it
must ends the demo with a non-zero status.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from typing import TypeVar
from uuid import UUID

import psycopg

from billing_saas.claims import queries as claims
from billing_saas.claims import submitting
from billing_saas.demo import proofs
from billing_saas.demo.cast import COMPANY, ELM, OAK, Cast, provision
from billing_saas.demo.paying import CARD, QUICK, Till
from billing_saas.gateways import key_provider
from billing_saas.identity.rules import permissions_of
from billing_saas.kit import clock
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database, Urls
from billing_saas.kit.money import dollars
from billing_saas.kit.settings import Settings
from billing_saas.kit.standing import standing
from billing_sandbox import payer, practice_system
from billing_sandbox.office import Desk, UnexpectedAnswer
from billing_sandbox.stripe.running import Sandbox

T = TypeVar("T")

SEED = 20261
# The demo plays the courier that a clearinghouse connection will be.
COURIER = Actor(
    kind=ActorKind.SYSTEM, id=UUID(int=2), permissions=permissions_of(["biller", "supervisor"])
)


class StepFailed(UnexpectedAnswer):
    """A step did not give what it must."""


def run(settings: Settings, *, serve: bool) -> int:
    """Show every step; 0 when each gave what it must. With `serve`, stay up until Ctrl-C."""
    started = time.monotonic()
    try:
        with Sandbox(timing=QUICK) as sandbox, standing(settings) as urls:
            demo = _Demo(settings, urls, sandbox)
            try:
                demo.show()
                print(f"\nAll steps gave what they must, in {time.monotonic() - started:.1f} s.")
                if serve:
                    demo.stay()
            finally:
                demo.stop()
    except UnexpectedAnswer as failed:
        print(f"\nThe demo failed: {failed}", file=sys.stderr)
        return 1
    return 0


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StepFailed(otherwise)


def _say(step: str, told: str) -> None:
    print(f"{step:>2}  {told}", flush=True)


class _Demo:
    def __init__(self, settings: Settings, urls: Urls, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.urls = urls
        self.server: subprocess.Popen[bytes] | None = None
        self.port = _free(settings.port)
        self.settings = replace(
            settings,
            port=self.port,
            stripe_key=sandbox.api_key,
            stripe_webhook_secret=sandbox.webhook_secret,
            stripe_api=sandbox.url,
        )
        for connect in (True, False):
            sandbox.deliver_to(f"{self.address}/hooks/stripe", connect=connect)
        self.fresh = True
        self.desks: dict[str, Desk] = {}
        self.sent: dict[str, bytes] = {}

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def show(self) -> None:
        self.fresh = self.provision()
        self.start_server()
        if self.fresh:
            self.hand_in_claims()
            self.send_claims()
            self.hand_in_remittances()
        else:
            _say(
                "2-4",
                "The files of an earlier run are on the books; `make clean-demo` removes them.",
            )
        self.show_books()
        self.show_paying()
        self.prove()

    def _in_database(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def with_it() -> T:
            database = Database(
                self.urls, key_provider.opened(self.settings.key_provider), pool_size=2
            )
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(with_it())

    # --- 1 ---

    def provision(self) -> bool:
        """Whether anything had to be made."""
        with psycopg.connect(self.urls.migrator) as connection:
            version = connection.execute("SHOW server_version").fetchone()
        _say("1", f"PostgreSQL {version[0] if version else '?'} stands in {self.settings.data}")
        fresh, made = self._in_database(provision)
        for cast, (practice_id, token) in zip((ELM, OAK), made, strict=True):
            self.desks[cast.person] = Desk(self.address, practice_id, token)
        what = "provisioned" if fresh else "found from an earlier run"
        _say("", f"{COMPANY} with {ELM.new.name} and {OAK.new.name}: {what}")
        return fresh

    def start_server(self) -> None:
        """`billing-saas serve --with-worker`, as an operator would."""
        environment = os.environ | {
            "BILLING_DATA": str(self.settings.data),
            "BILLING_LOG_LEVEL": self.settings.log_level,
            "BILLING_PORT": str(self.port),
            "BILLING_STRIPE_KEY": self.settings.stripe_key,
            "BILLING_STRIPE_WEBHOOK_SECRET": self.settings.stripe_webhook_secret,
            "BILLING_STRIPE_API": self.settings.stripe_api,
        }
        self.server = subprocess.Popen(
            [sys.executable, "-m", "billing_saas.cli", "serve", "--with-worker"],
            env=environment,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            _must(self.server.poll() is None, "the server ended at once")
            try:
                urllib.request.urlopen(f"{self.address}/ready", timeout=2).close()  # noqa: S310  # ours
            except OSError:
                time.sleep(0.1)
                continue
            _say("", f"Server and worker are up: {self.address}")
            return
        raise StepFailed("the server was not ready within 30 s")

    # --- 2 ---

    def hand_in_claims(self) -> None:
        today = clock.today(ELM.new.time_zone)
        for cast in (ELM, OAK):
            file = practice_system.claims_file(
                cast.identity,
                seed=SEED,
                month=clock.first_of_month(today),
                claims=cast.claims,
                today=today,
                delivery=practice_system.Delivery(usage="P"),
            )
            desk = self.desks[cast.person]
            received = desk.upload("/claim-files", file)
            arrival = desk.wait_for(received["arrival_id"])
            _must(arrival["state"] == "handled", f"the claims of {cast.new.name} were not taken")
            found = desk.all("/claims", opens=True)
            patients = desk.all("/patients", opens=True)
            charged = sum(claim["charge_cents"] for claim in found)
            _must(len(found) == cast.claims, f"{len(found)} of {cast.claims} claims were taken")
            _say(
                "2" if cast is ELM else "",
                f"{cast.new.name} handed in an 837P of {len(file):,} bytes: {len(found)} claims of "
                f"{len(patients)} patients, {dollars(charged)} charged, {arrival['errors']} errors",
            )

    def send_claims(self) -> None:
        for number, cast in enumerate((ELM, OAK), 1):
            desk = self.desks[cast.person]
            self.sent[cast.person] = self._in_database(
                lambda database, c=cast, d=desk, n=number: _send(database, d.practice_id, c, n)  # type: ignore[misc]  # bound now
            )
        sizes = ", ".join(f"{len(file):,} bytes" for file in self.sent.values())
        _say("", f"Sent to the sandbox payer under our own claim numbers (837P, {sizes})")

    # --- 3 and 4 ---

    def hand_in_remittances(self) -> None:
        today = clock.today(ELM.new.time_zone)
        checks = [
            payer.Check(
                trace_prefix=f"D{n}", paid_on=today - timedelta(days=2 - n), control_number=n
            )
            for n in (1, 2)
        ]
        taken = 0
        for cast in (ELM, OAK):
            desk, batch = self.desks[cast.person], self.sent[cast.person]
            first = payer.pay(batch, cast.payee, checks[0], seed=SEED)
            second = payer.take_back_and_correct(batch, cast.payee, *checks, seed=SEED)
            self._remit(
                desk, "3" if cast is ELM else "", f"{cast.new.name}: the sandbox payer's 835", first
            )
            self._remit(desk, "", f"{cast.new.name}: one payment taken back and corrected", second)
            taken += 2
        desk = self.desks[ELM.person]
        for name in ("united_healthcare_legacy_sample", "multiple-claims-single-check"):
            self._remit(desk, "", f"Elm: public sample {name}", _sample(name))
        self.hold_and_repeat(desk, first=_sample("multiple-claims-single-check"))

    def _remit(self, desk: Desk, step: str, what: str, file: bytes) -> None:
        received = desk.upload("/remittance-files", file)
        arrival = desk.wait_for(received["arrival_id"])
        _must(arrival["state"] == "handled", f"{what} was {arrival['state']}")
        paid = desk.settled(received["arrival_id"])
        _must(all(one["state"] == "posted" for one in paid), f"{what} was not posted")
        total = sum(one["payment_cents"] for one in paid)
        claims_ = sum(one["claims"] for one in paid)
        payments = "1 payment" if len(paid) == 1 else f"{len(paid)} payments"
        _say(step, f"{what}: {payments}, {claims_} claims, {dollars(total)} posted")

    def hold_and_repeat(self, desk: Desk, first: bytes) -> None:
        received = desk.upload("/remittance-files", _sample("moov-sample2"))
        arrival = desk.wait_for(received["arrival_id"])
        findings = desk.all(f"/arrivals/{received['arrival_id']}/findings")
        _must(arrival["state"] == "held" and findings != [], "an unbalanced file was not held")
        _say("4", f"Public sample moov-sample2 is held, with {len(findings)} findings:")
        for finding in findings:
            _say(
                "",
                f"   segment {finding['segment_position']} {finding['segment']}: {finding['message']}",
            )
        before = len(desk.all("/remittances"))
        again = desk.upload("/remittance-files", first)
        after = len(desk.all("/remittances"))
        _must(again["repeated"] and before == after, "a file received twice was posted twice")
        _say("", "The same file a second time answers with its first arrival: posted once")

    # --- 5 ---

    def show_books(self) -> None:
        for cast in (ELM, OAK):
            desk = self.desks[cast.person]
            balance = desk.get("/balances")
            _must(balance["debit_cents"] == balance["credit_cents"], "debits are not credits")
            _say("5" if cast is ELM else "", f"{cast.new.name}, trial balance:")
            for row in balance["rows"]:
                amount = row["debit_cents"] - row["credit_cents"]
                _say("", f"   {row['account']:<26}{dollars(amount):>16}")
            denied = desk.all("/claims?denied=true", opens=True)
            cards = desk.all("/cards")
            kinds = sorted({card["kind"] for card in cards})
            counted = ", ".join(f"{sum(c['kind'] == kind for c in cards)} {kind}" for kind in kinds)
            _say("", f"   {len(denied)} claims with denied lines; open cards: {counted}")
            _must(bool(denied) and bool(cards), f"{cast.new.name} has no denial or no card")

    # --- 6 and 7 ---

    @property
    def till(self) -> Till:
        return Till(self.desks[ELM.person], self.sandbox, self.settings, self._in_database, _say)

    def show_paying(self) -> None:
        if self.fresh:
            self.till.show()
        else:
            self.till.open_account()

    # --- 8 ---

    def prove(self) -> None:
        elm, oak = self.desks[ELM.person], self.desks[OAK.person]
        claim_id = elm.all("/claims", opens=True)[0]["id"]
        elm.get(f"/claims/{claim_id}", opens=True)
        seen = [
            Desk(self.address, practice_id, oak.token).ask("GET", f"/claims/{claim_id}")[0]
            for practice_id in (elm.practice_id, oak.practice_id)
        ]
        _must(seen == [404, 404], f"a person of Oak got {seen} for Elm's claim")
        _say("8", "A person of Oak asks for Elm's claim, in Elm and in Oak: 404 and 404")
        tables, rows = proofs.rows_without_tenant(self.urls.app)
        _must(rows == 0, f"SQL without a tenant saw {rows} rows")
        _say("", f"SQL as the application's role without a tenant, over {tables} tables: 0 rows")
        entries, off = self._in_database(
            lambda database: proofs.journal(database, self._practices())
        )
        _must(off == 0, f"{off} journal entries do not sum to zero")
        _say("", f"The journal: {entries} entries, each sums to zero")
        for desk in (elm, oak):
            missing = self._in_database(lambda database, d=desk: proofs.untold(database, d))  # type: ignore[misc]  # bound now
            _must(missing == 0, f"{missing} reads of sealed data have no audit event")
        reads = len(elm.read) + len(oak.read)
        _say("", f"{reads} answers showed sealed data; each has its audit event")

    def _practices(self) -> list[UUID]:
        return [desk.practice_id for desk in self.desks.values()]

    # --- 9 ---

    def stay(self) -> None:
        print(f"\n 9  The API and its page: {self.address}/docs   (Ctrl-C ends the demo)")
        for cast in (ELM, OAK):
            desk = self.desks[cast.person]
            print(f"    {cast.person} of {cast.new.name}: practice {desk.practice_id}")
            print(f"      token {desk.token}")
        print(f"    Patients' bills to open and to pay, by card {CARD} and any later date:")
        for link in self.till.links():
            print(f"      {link}")
        print(f"    The sandbox Stripe, where banks and disputes are played: {self.sandbox.url}")
        sys.stdout.flush()
        try:
            if self.server is not None:
                self.server.wait()
        except KeyboardInterrupt:
            print("\nStopping.")

    def stop(self) -> None:
        if self.server is not None and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            try:
                self.server.wait(timeout=45)
            except subprocess.TimeoutExpired:
                self.server.kill()


async def _send(database: Database, practice_id: UUID, cast: Cast, number: int) -> bytes:
    """All queued claims as one batch, marked sent."""
    control = submitting.Control(
        sender_id=cast.identity.npi,
        sender_name=cast.identity.name,
        sender_phone=cast.identity.contact_phone,
        receiver_id="SANDBOXPAYER",
        receiver_name="SANDBOX PAYER",
        number=number,
        usage="P",
    )
    async with database.tenant(practice_id) as db:
        queued = await claims.queued(db, COURIER)
        batch = await submitting.batch_837p(db, COURIER, queued, control=control)
        await submitting.mark_sent(db, COURIER, queued)
    return batch


def _sample(name: str) -> bytes:
    return resources.files("billing_sandbox").joinpath("samples", f"{name}.835").read_bytes()


def _free(wanted: int) -> int:
    """`wanted` when nobody listens there, else a port of the system's choice."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            free: int = probe.getsockname()[1]
            return free
    raise StepFailed("no port is free")
