"""Why a job is a dead letter, in sentences that are ours: an exception's own message may name a patient."""

from dataclasses import dataclass

from billing_saas.kit.errors import Conflict, DomainError, Invalid, NotFound, Refused
from billing_saas.outbox.jobs import Job

WORKER_LOST = "WorkerLost"

_ACCIDENTS = {
    WORKER_LOST: "The process that ran it died or froze {lost} times: the job itself may be the cause.",
    "TimeoutError": "It took longer than it may ({minutes} minutes) in each of {attempts} attempts.",
    "UnknownJob": "No worker knew this kind in {attempts} attempts: another version asked for it.",
    "ValidationError": "Its arguments are those of another version.",
    "KeyProviderDown": "The practice's keys could not be reached in {attempts} attempts.",
}
_ANSWERS: tuple[tuple[type[DomainError], str], ...] = (
    (NotFound, "What it is about does not exist."),
    (Refused, "It may not do this."),
    (Conflict, "What it is about is not in a state that allows this."),
    (Invalid, "What it was handed cannot be right."),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """What the job table knows of it."""

    error: str
    attempts: int
    lost: int


def about(kind: str, known: dict[str, type[Job]]) -> str:
    told = known[kind].about if kind in known else ""
    return told or f"A job of the kind {kind}."


def explain(failure: Failure, job_class: type[Job] | None) -> str:
    """Accidents by the exception's type, answers by their kind and by what the error's author said of it."""
    sentence = _ACCIDENTS.get(failure.error)
    if sentence is not None:
        minutes = Job.most_minutes if job_class is None else job_class.most_minutes
        return sentence.format(attempts=failure.attempts, lost=failure.lost, minutes=minutes)
    answer = _answers().get(failure.error)
    if answer is None:
        return f"An accident ({failure.error}) ended each of {failure.attempts} attempts."
    told = next(told for kind, told in _ANSWERS if issubclass(answer, kind))
    meant = " ".join((answer.__doc__ or "").split())
    return f"{told} {meant}".strip() + " Trying again alone does not change it."


def _answers() -> dict[str, type[DomainError]]:
    """The errors of every room that this process has imported, by their word."""
    found: dict[str, type[DomainError]] = {}
    waiting: list[type[DomainError]] = [kind for kind, _ in _ANSWERS]
    while waiting:
        for error in waiting.pop().__subclasses__():
            found[error.word()] = error
            waiting.append(error)
    return found
