"""Which act answers which job: one line per job, with the permissions that the system gets for it."""

from collections.abc import Awaitable, Callable
from dataclasses import MISSING, dataclass, fields
from typing import TypeVar, get_args, get_type_hints
from uuid import UUID

from billing_saas.agencies import recognising, taking_in
from billing_saas.agencies.jobs import TakeInAgencyReport, WatchPlacements
from billing_saas.carriage import delivering, knocking
from billing_saas.carriage.jobs import HandleReturned, SweepMessages
from billing_saas.clients import forgetting as tokens
from billing_saas.clients.jobs import ForgetTokens
from billing_saas.collections import proposing as placements
from billing_saas.collections.jobs import ProposePlacements
from billing_saas.custody import rotating
from billing_saas.custody.jobs import FindWornKeys, RotateKeys, StartRotation
from billing_saas.documents import sweeping
from billing_saas.documents.jobs import SweepFiles
from billing_saas.emergencies import judging, telling
from billing_saas.emergencies.jobs import TellOfEmergencies, WatchEmergencies
from billing_saas.hardship import deciding as hardship
from billing_saas.hardship.jobs import ExpireHardship
from billing_saas.imports import claims837
from billing_saas.imports.jobs import ImportClaims
from billing_saas.kept_cards import saving
from billing_saas.kit.actor import Actor
from billing_saas.kit.db import Database, PlatformSession, TenantSession
from billing_saas.mail import sending
from billing_saas.mail.jobs import SendLetter
from billing_saas.messages.jobs import SendMessage
from billing_saas.outbox import purging
from billing_saas.outbox.jobs import Job, PurgeJobs, Queue
from billing_saas.payments import accounts
from billing_saas.payments.jobs import (
    AnswerDispute,
    AskAboutAccount,
    AskAboutCard,
    AskAboutPayment,
    FindSilentPayments,
    ForgetCard,
    HandleEvent,
    MakeRefund,
    OpenAccount,
    SweepPayments,
    TellPlan,
)
from billing_saas.plans import charging as plan_charging
from billing_saas.plans import watching
from billing_saas.plans.jobs import ChargeInstalment, ChargePlans, WatchPlans
from billing_saas.portal_office import forgetting as portal_forgetting
from billing_saas.portal_office.jobs import ForgetPortal
from billing_saas.processor_events import handling
from billing_saas.processor_events import sweeping as payment_sweeping
from billing_saas.remittances import intake, posting
from billing_saas.remittances.jobs import PostRemittance, TakeInRemittances
from billing_saas.reports import invariants, receivables
from billing_saas.reports.jobs import CheckInvariants, CountReceivables
from billing_saas.requests import forgetting
from billing_saas.requests.jobs import ForgetRequests
from billing_saas.settlements import disputing, refunding
from billing_saas.signin import clearing, recovering
from billing_saas.signin.jobs import AnswerAsk, ForgetSignIns
from billing_saas.statement_runs import printing
from billing_saas.statement_runs import running as statement_runs
from billing_saas.statement_runs.jobs import GatherPrintBatch, IssueStatements, RunStatements
from billing_saas.statements import following
from billing_saas.statements.jobs import FollowStatements

J = TypeVar("J", bound=Job)


class UnknownJob(Exception):
    """This process does not know the kind: it may be older than the one that asked for it."""


@dataclass(frozen=True, slots=True)
class Act:
    job: type[Job]
    run: Callable[..., Awaitable[object]]
    may: frozenset[str]
    vendor: bool = False
    """It opens its own sessions: it talks to somebody outside, and holds none meanwhile."""


def practice_act(
    job: type[J], run: Callable[[TenantSession, Actor, J], Awaitable[object]], *may: str
) -> Act:
    """`run` gets a session of the job's practice; an actor who `may` do this and nothing else."""
    if job.platform:
        raise ValueError(f"{job.kind} is the platform's own")
    return Act(job, run, frozenset(may))


def vendor_act(
    job: type[J], run: Callable[[Database, UUID, Actor, J], Awaitable[object]], *may: str
) -> Act:
    """`run` gets the database and the job's practice: prepare (committed), call, record. It may be run
    again after any of the three, so what it left prepared tells it what may have happened."""
    if job.platform:
        raise ValueError(f"{job.kind} is the platform's own")
    return Act(job, run, frozenset(may), vendor=True)


def platform_act(
    job: type[J], run: Callable[[PlatformSession, Actor, J], Awaitable[object]], *may: str
) -> Act:
    if not job.platform:
        raise ValueError(f"{job.kind} belongs to a practice")
    return Act(job, run, frozenset(may))


_acts: dict[str, Act] = {}


def add(*acts: Act) -> None:
    """Make acts known to this process. A kind has one act."""
    for act in acts:
        _check(act.job)
        if _acts.setdefault(act.job.kind, act).job is not act.job:
            raise ValueError(f"two jobs are called {act.job.kind}")


def act_for(kind: str) -> Act:
    act = _acts.get(kind)
    if act is None:
        raise UnknownJob
    return act


def _check(job: type[Job]) -> None:
    if job.queue not in get_args(Queue):
        raise ValueError(f"{job.kind}: there is no queue {job.queue}")
    hints = get_type_hints(job)
    for field in fields(job):
        if hints[field.name] not in (UUID, int, str) or field.default_factory is not MISSING:
            raise ValueError(f"{job.kind}: {field.name} must be a UUID, an int or a str")


# What the rooms can be asked to do later, by room.
ACTS: tuple[Act, ...] = (
    practice_act(ImportClaims, claims837.take_in),
    practice_act(TakeInRemittances, intake.take_in),
    practice_act(PostRemittance, posting.post_remittance, "remittances.post"),
    practice_act(TakeInAgencyReport, taking_in.take_in),
    practice_act(WatchPlacements, recognising.watch),
    practice_act(ProposePlacements, placements.look_through),
    practice_act(ExpireHardship, hardship.expire),
    practice_act(FollowStatements, following.recent),
    practice_act(RunStatements, statement_runs.by_clock, "statements.write"),
    practice_act(IssueStatements, statement_runs.continue_run, "statements.write"),
    practice_act(GatherPrintBatch, printing.put_together, "statements.write"),
    practice_act(CountReceivables, receivables.count, "ledger.read"),
    practice_act(CheckInvariants, invariants.check, "ledger.read"),
    platform_act(PurgeJobs, purging.purge),
    platform_act(ForgetRequests, forgetting.forget),
    platform_act(SendLetter, sending.send),
    platform_act(AnswerAsk, recovering.answer),
    platform_act(ForgetSignIns, clearing.forget),
    platform_act(ForgetTokens, tokens.forget),
    platform_act(ForgetPortal, portal_forgetting.forget),
    practice_act(RotateKeys, rotating.step, rotating.ROTATE),
    practice_act(StartRotation, rotating.start_due, rotating.ROTATE),
    platform_act(FindWornKeys, rotating.find_worn, rotating.ROTATE),
    practice_act(SweepFiles, sweeping.sweep),
    vendor_act(SendMessage, delivering.deliver),
    practice_act(HandleReturned, knocking.handle),
    practice_act(SweepMessages, delivering.sweep),
    vendor_act(OpenAccount, accounts.open_at_processor),
    vendor_act(AskAboutAccount, accounts.ask_about),
    vendor_act(HandleEvent, handling.handle),
    vendor_act(AskAboutPayment, handling.ask_about),
    vendor_act(AskAboutCard, saving.ask_about),
    vendor_act(ForgetCard, saving.forget),
    vendor_act(MakeRefund, refunding.make),
    vendor_act(AnswerDispute, disputing.hand_in),
    practice_act(SweepPayments, payment_sweeping.sweep),
    practice_act(TellPlan, plan_charging.told, "plans.read"),
    practice_act(WatchPlans, watching.watch),
    practice_act(ChargePlans, plan_charging.find, "plans.read"),
    vendor_act(ChargeInstalment, plan_charging.charge, "plans.read"),
    platform_act(FindSilentPayments, payment_sweeping.find),
    practice_act(WatchEmergencies, judging.watch),
    platform_act(TellOfEmergencies, telling.tell),
)

add(*ACTS)
