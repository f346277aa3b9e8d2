"""docs/edi-oracle.md says what we and pyx12 say today."""

from pathlib import Path

import pytest

from benchmarks import oracle_pyx12

ROWS = {
    cells[1].strip(): [cell.strip() for cell in cells[2:-1]]
    for line in oracle_pyx12.DOCUMENT.read_text(encoding="utf-8").splitlines()
    if (cells := line.split("|"))[0] == "" and len(cells) > 7
}
SAMPLES = oracle_pyx12.samples()


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem[:40])
def test_our_side_of_the_list_is_current(path: Path) -> None:
    name = path.relative_to(oracle_pyx12.SAMPLES).as_posix()
    _, our_verdict, _, only_ours, _, beyond = ROWS[name]
    told, business = oracle_pyx12.ours(path)
    assert told.verdict == our_verdict
    assert (", ".join(business) or "-") == beyond
    # What is listed as ours alone is still said.
    said = {oracle_pyx12.shown((row,)) for row in told.rows}
    assert set(only_ours.split("; ")) - {"-"} <= said


def test_every_sample_is_listed() -> None:
    listed = set(ROWS) - {"sample", "---"}
    assert listed == {path.relative_to(oracle_pyx12.SAMPLES).as_posix() for path in SAMPLES}


@pytest.mark.slow
def test_the_list_is_current() -> None:
    found = [oracle_pyx12.compare(path) for path in SAMPLES]
    document = oracle_pyx12.document(found)
    assert oracle_pyx12.DOCUMENT.read_text(encoding="utf-8").strip() == document.strip()
