"""`billing-saas audit` at a terminal: what a person does who keeps watch over the trail.

The trail is whole (0), or the first bad event is named (1), or what was given cannot be read (2).
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result

from billing_saas.audit import trail
from billing_saas.gateways.key_folder import KeyFolder
from billing_saas.kit.actor import Actor, ActorKind
from billing_saas.kit.db import Database
from billing_saas.kit.ids import new_id
from tests.cluster import Clone
from tests.flows.conftest import Run
from tests.seals.logbook import tamper

READER = Actor(kind=ActorKind.SYSTEM, id=UUID(int=9))


@pytest.fixture
def keys(key_folder: Path) -> KeyFolder:
    """Those that the commands use."""
    return KeyFolder(key_folder)


@dataclass(frozen=True)
class Log:
    """A sealed trail, anchored in a file, and what its owner noted outside."""

    practice: UUID
    patient: UUID
    events: tuple[UUID, ...]
    public_key: str
    anchor: str


@pytest.fixture
async def told(database: Database, run: Run) -> tuple[UUID, UUID, tuple[UUID, ...]]:
    """A practice, a patient, and who looked at that patient: told, and not sealed yet."""
    from billing_saas.tenants import provisioning

    await provisioning.initialise(database)
    practice, patient = new_id(), new_id()
    events = []
    for _ in range(3):
        async with database.tenant(practice) as db:
            seen = trail.record(
                db, READER, "patient.read", object_type="patient", subjects=[patient]
            )
            events.append(await seen)
    return practice, patient, tuple(events)


@pytest.fixture
def log(told: tuple[UUID, UUID, tuple[UUID, ...]], run: Run, tmp_path: Path) -> Log:
    practice, patient, events = told
    anchor = f"file://{tmp_path / 'anchors'}"
    sealed = run("audit", "seal", BILLING_AUDIT_ANCHOR=anchor)
    assert sealed.exit_code == 0, sealed.output
    key = run("audit", "key")
    version, public_key = key.output.split()
    assert version == "1"
    return Log(practice, patient, events, public_key, anchor)


def said(result: Result, code: int) -> str:
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output


def test_a_whole_trail(log: Log, run: Run) -> None:
    assert re.match(r"The last head: 1 of 20\S+, [0-9a-f]{64}\n", said(run("audit", "seal"), 0))
    plain = said(run("audit", "verify"), 0)
    assert "nothing outside shows that its end was not cut off" in plain
    outside = ("--public-key", log.public_key, "--anchors", log.anchor)
    anchored = said(run("audit", "verify", *outside), 0)
    assert "1 heads, 3 events of 1 logs, 0 not sealed yet, 1 anchors" in anchored
    assert anchored.endswith("The trail is whole.\n")
    one = said(run("audit", "verify", "--practice", str(log.practice), *outside), 0)
    assert one.endswith("The trail is whole.\n")


def test_an_edited_event_is_named(log: Log, run: Run, clone: Clone) -> None:
    tamper(
        clone,
        "UPDATE audit_event SET action = 'patient.export' WHERE id = %(id)s",
        id=log.events[1],
    )
    told = said(run("audit", "verify", "--public-key", log.public_key), 1)
    assert f"FAULT event {log.events[1]} of practice {log.practice}: it was changed" in told
    assert "whole" not in told


def test_an_end_that_was_cut_off_is_found_by_the_anchor(log: Log, run: Run, clone: Clone) -> None:
    for table in ("audit_seal", "audit_head", "audit_subject", "audit_event"):
        tamper(clone, f"DELETE FROM {table}")
    assert said(run("audit", "verify"), 0)  # nothing inside knows
    cut = said(run("audit", "verify", "--anchors", log.anchor), 1)
    assert "the end of the log was cut off: head 1 was anchored" in cut


def test_another_key_and_a_broken_anchor(log: Log, run: Run, tmp_path: Path) -> None:
    assert "is not signed by this key" in said(run("audit", "verify", "--public-key", "ab" * 32), 1)
    assert "64 hex digits" in said(run("audit", "verify", "--public-key", "ab"), 2)
    assert "must start with file:///" in said(run("audit", "verify", "--anchors", "ftp://x"), 2)
    (tmp_path / "anchors").write_text("a head it is not\n")
    unreadable = said(run("audit", "verify", "--anchors", log.anchor), 2)
    assert "an anchor holds what is no head" in unreadable


def test_two_logs_are_not_shown_to_one_verifier(
    log: Log, run: Run, clone: Clone, tmp_path: Path
) -> None:
    """What was seen is kept by the verifier, who needs no anchor to find the end cut off."""
    seen = ("--remember", str(tmp_path / "seen"))
    assert said(run("audit", "verify", *seen), 0)
    assert said(run("audit", "verify", *seen), 0)
    assert (tmp_path / "seen").read_bytes().count(b"signature") == 1  # once
    for table in ("audit_seal", "audit_head", "audit_subject", "audit_event"):
        tamper(clone, f"DELETE FROM {table}")
    assert "cut off" in said(run("audit", "verify", *seen), 1)


def test_a_proof_is_checked_by_whoever_has_the_key(log: Log, run: Run, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    made = said(run("audit", "prove", str(log.events[0]), "--out", str(proof)), 0)
    assert made == f"The proof is in {proof}\n"
    check = ("audit", "verify", "--proof", str(proof))
    nowhere = {"BILLING_DATABASE_URL": "postgresql://billing_app:x@127.0.0.1:1/nothing"}
    assert said(run(*check, "--public-key", log.public_key, **nowhere), 0) == "The proof holds.\n"
    assert "is not signed by this key" in said(run(*check, "--public-key", "ab" * 32), 1)
    assert "--proof needs --public-key" in said(run(*check), 2)
    changed = json.loads(proof.read_bytes())
    changed["event"]["actor_id"] = str(new_id())
    proof.write_text(json.dumps(changed))
    bad = said(run(*check, "--public-key", log.public_key), 1)
    assert bad == f"{proof}, line 1: the path does not lead from the leaf to the root\n"
    proof.write_text("")
    assert "holds no proof" in said(run(*check, "--public-key", log.public_key), 2)
    missing = ("audit", "verify", "--proof", str(tmp_path / "none"), "--public-key", log.public_key)
    assert "No such file" in said(run(*missing), 2)


def test_what_cannot_be_proved_is_said_in_a_line(log: Log, run: Run) -> None:
    assert said(run("audit", "prove", str(new_id())), 1) == "Error: There is no such event.\n"
    growth = run("audit", "prove-growth", str(log.practice), "1", "2")
    assert said(growth, 1) == "Error: There is no head 2.\n"


@pytest.fixture
def grown(log: Log, run: Run) -> Log:
    """Asking who saw a patient is told, so the log has grown by a head."""
    asked = said(run("audit", "who", str(log.patient), "--practice", str(log.practice)), 0)
    assert len(asked.splitlines()) == 3
    assert said(run("audit", "seal"), 0).startswith("The last head: 2 of ")
    return log


def test_who_saw_a_patient(grown: Log, run: Run) -> None:
    asked = said(run("audit", "who", str(grown.patient), "--practice", str(grown.practice)), 0)
    lines = asked.splitlines()
    assert len(lines) == 4  # the question before this one, too
    assert [line.rpartition(" ")[2] for line in lines[1:]] == [
        str(one) for one in grown.events[::-1]
    ]
    stranger = run("audit", "who", str(new_id()), "--practice", str(grown.practice))
    assert said(stranger, 0) == "Nobody, in this practice.\n"


def test_the_growth_of_a_log_is_proved(grown: Log, run: Run, tmp_path: Path) -> None:
    proof = tmp_path / "growth.json"
    made = run("audit", "prove-growth", str(grown.practice), "1", "2", "--out", str(proof))
    assert said(made, 0)
    check = run("audit", "verify", "--proof", str(proof), "--public-key", grown.public_key)
    assert said(check, 0) == "The proof holds.\n"


def test_an_export_is_a_file_of_proofs_and_is_told(grown: Log, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "events.ndjson"
    period = ("--from", "2026-01-01", "--until", "2100-01-01", "--out", str(out))
    export = ("audit", "export", "--practice", str(grown.practice), *period)
    assert said(run(*export), 0) == f"4 events in {out}\n"
    events = [json.loads(line)["event"]["id"] for line in out.read_bytes().splitlines()]
    assert events[:3] == [str(one) for one in grown.events]
    check = ("audit", "verify", "--proof", str(out), "--public-key", grown.public_key)
    assert said(run(*check), 0) == "All 4 proofs hold.\n"
    said(run("audit", "seal"), 0)
    assert said(run(*export), 0) == f"5 events in {out}\n"
    last = json.loads(out.read_bytes().splitlines()[-1])
    assert last["event"]["action"] == "audit.export"


def test_a_process_without_the_sealers_address_reads_no_log(run: Run) -> None:
    told = said(run("audit", "verify", BILLING_SEALER_DATABASE_URL=""), 1)
    assert "BILLING_SEALER_DATABASE_URL: needed to read the audit trail" in told
