"""`billing-saas edi`: exit codes, the shape of the JSON, and one clear line for what fails."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from billing_saas.cli_edi import edi
from billing_saas.edi import ack999, ta1
from billing_saas.edi.envelope import interchanges
from tests.edi.sets import OWN, SAMPLES, sets_in

X221 = "kputnam+stupidedi/005010/X221A1_HP835_Health_Care_Claim_Payment_Advice/pass"
CLEAN = SAMPLES / X221 / "multiple-claims-single-check.edi"
UNBALANCED = SAMPLES / "LinuxForHealth+x12/835_005010X221A1/tertiary-payment.835"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(edi, [str(one) for one in arguments])


@pytest.fixture
def prose(tmp_path: Path) -> Path:
    file = tmp_path / "letter.txt"
    file.write_text("Dear payer, where is our money?")
    return file


def test_a_clean_file_exits_with_0() -> None:
    result = run("check", CLEAN)
    assert (result.exit_code, result.stdout) == (0, "0 findings in 1 set of 1 interchange\n")


def test_codes_are_held_to_the_sets_that_are_shipped() -> None:
    """The example of the guide bears a taxonomy of before 2003."""
    result = run("check", SAMPLES / "LinuxForHealth+x12/837_005010X222A2/demo.example1.837")
    assert [line for line in result.stdout.splitlines() if "code set" in line] == [
        "warning at interchange 1, group 1, set 1, segment 7 PRV03: The code in PRV03 of loop 2000A"
        " is not in its code set (taxonomy) on that day. (203BF0100Y)",
    ]


def test_explain_says_what_codes_mean() -> None:
    result = run("explain", SAMPLES / "LinuxForHealth+x12/837_005010X222A2/demo.example1.837")
    assert "place and frequency 11 B 1 (Office)" in result.stdout


def test_findings_are_told_line_by_line_and_exit_with_1() -> None:
    result = run("check", UNBALANCED)
    assert result.exit_code == 1
    *told, summary = result.stdout.splitlines()
    assert any(line.startswith("error at interchange 1, group 1, set 1") for line in told)
    assert summary == f"{len(told)} findings in 1 set of 1 interchange"


def test_an_answer_is_written_where_asked(tmp_path: Path) -> None:
    out = tmp_path / "answer.999"
    result = run("check", CLEAN, "--ack", out, "--control-number", "41")
    assert result.exit_code == 0
    [answer] = [ack999.read(one) for one in sets_in(out.read_bytes())]
    assert answer.verdict == "accepted"
    assert next(interchanges([out.read_bytes()])).header.control_number == "000000041"


def test_a_broken_isa_is_answered_and_exits_with_2(tmp_path: Path) -> None:
    raw = CLEAN.read_bytes()
    broken, out = tmp_path / "broken.edi", tmp_path / "answer.ta1"
    broken.write_bytes(raw[:60] + raw[61:])
    result = run("check", broken, "--ack", out)
    assert result.exit_code == 2
    [receipt] = ta1.read_all(next(interchanges([out.read_bytes()])))
    assert receipt.verdict == "rejected"


def test_acknowledgments_are_not_answered(tmp_path: Path) -> None:
    out = tmp_path / "answer.999"
    result = run("check", OWN / "ta1-then-999.edi", "--ack", out)
    assert (result.exit_code, out.exists()) == (0, False)
    assert result.stderr == "no acknowledgment is due\n"


@pytest.mark.parametrize("command", ["check", "show", "explain"])
def test_a_missing_file_is_one_clear_line(command: str, tmp_path: Path) -> None:
    missing = tmp_path / "nothing.edi"
    result = run(command, missing)
    assert result.exit_code == 2
    assert result.stderr == f"{missing}: No such file or directory\n"
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["check", "show", "explain"])
def test_a_folder_is_one_clear_line(command: str, tmp_path: Path) -> None:
    result = run(command, tmp_path)
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path}: Is a directory\n")


@pytest.mark.parametrize("command", ["check", "show", "explain"])
def test_an_unreadable_file_is_one_clear_line(command: str, prose: Path) -> None:
    result = run(command, prose)
    assert result.exit_code == 2
    assert result.stderr == f"{prose}: no interchange header (ISA) at the start (at byte 0)\n"
    assert "Traceback" not in result.output


def test_an_empty_file_is_one_clear_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.edi"
    empty.touch()
    result = run("check", empty)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_an_answer_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    out = tmp_path / "no such folder" / "answer.999"
    result = run("check", CLEAN, "--ack", out)
    assert (result.exit_code, result.stderr) == (2, f"{out}: No such file or directory\n")


def test_a_remittance_as_json() -> None:
    result = run("show", "--json", CLEAN)
    assert result.exit_code == 0
    shown = json.loads(result.stdout)
    assert set(shown) == {"interchanges", "findings"}
    [interchange] = shown["interchanges"]
    assert {"control_number", "sender", "receiver", "usage", "groups"} <= set(interchange)
    [group] = interchange["groups"]
    assert group["version"] == "005010X221A1"
    [transaction] = group["transactions"]
    assert transaction["kind"] == "835"
    assert transaction["control_number"]
    assert len(transaction["claims"]) == 9


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (OWN / "277ca-payer.edi", "277CA"),
        (SAMPLES / "LinuxForHealth+x12/demo-file/demo.271", "271"),
        (SAMPLES / "LinuxForHealth+x12/demo-file/demo.276", "276"),
        (SAMPLES / "LinuxForHealth+x12/demo-file/demo.837", "837P"),
        (SAMPLES / "xlate+staedi/x12/simple999.edi", "999"),
        (SAMPLES / "xlate+staedi/x12/sample275_with_HL7_valid_BIN01.edi", "275"),
    ],
)
def test_every_kind_has_the_same_frame(path: Path, kind: str) -> None:
    shown = json.loads(run("show", "--json", path).stdout)
    [transaction] = [
        transaction
        for interchange in shown["interchanges"]
        for group in interchange["groups"]
        for transaction in group["transactions"]
    ]
    assert transaction["kind"] == kind
    assert "findings" in shown


def test_shown_without_json_a_file_is_an_outline() -> None:
    result = run("show", UNBALANCED)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "interchange"
    assert "      kind: 835" in lines
    assert any(line.strip().startswith("payment: $") for line in lines)
    assert any(line.strip() == "code: line_out_of_balance" for line in lines)


def test_an_account_masks_the_patient_unless_asked() -> None:
    path = SAMPLES / "LinuxForHealth+x12/demo-file/demo.271"
    assert "SMITH" not in run("explain", path).stdout
    assert "SMITH" in run("explain", path, "--phi").stdout


def test_files_that_say_the_same_exit_with_0(tmp_path: Path) -> None:
    other = tmp_path / "other.edi"
    other.write_bytes(CLEAN.read_bytes().replace(b"~\n", b"~"))
    assert (run("diff", CLEAN, other).exit_code, run("diff", CLEAN, other).stdout) == (0, "")


def test_files_that_differ_exit_with_1() -> None:
    result = run("diff", OWN / "277ca-payer.edi", OWN / "277ca-clearinghouse.edi")
    assert result.exit_code == 1
    assert result.stdout


def test_a_difference_names_the_file_that_cannot_be_read(prose: Path) -> None:
    for order in [(CLEAN, prose), (prose, CLEAN)]:
        result = run("diff", *order)
        assert result.exit_code == 2
        assert result.stderr.startswith(f"{prose}: no interchange header")
