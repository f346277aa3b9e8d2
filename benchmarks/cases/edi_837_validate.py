"""Validating an 837P and writing its 999: claims per CPU second, beside pyx12 in the same run."""

from pathlib import Path
from typing import Any

from benchmarks import generate837, measuring
from benchmarks.registry import Figure, case

CLAIMS = 10_000
# pyx12 takes some forty times as long.
CLAIMS_FOR_PYX12 = 300
LEAST = 3_000
LEAST_OF_PYX12 = 12
MOST_MEMORY = 40


def _rate(answer: dict[str, Any]) -> int:
    return round(int(answer["claims"]) / float(answer["cpu_seconds"]))


def _pyx12(path: Path) -> tuple[int | None, str]:
    try:
        answer = measuring.best("claim837_validate_pyx12.py", path, repeats=2)
    except RuntimeError as error:
        return None, f"pyx12: {error}"
    return _rate(answer), "" if answer["accepted"] else "pyx12 rejects the file"


@case("edi.837.validate")
def validate() -> list[Figure]:
    path, short = generate837.file(CLAIMS), generate837.file(CLAIMS_FOR_PYX12)
    ours = measuring.best("claim837_validate_ours.py", path)
    floor = measuring.best("claim837_read_floor.py", path)
    if ours["claims"] != CLAIMS or ours["findings"] or not ours["accepted"]:
        raise RuntimeError("our validator found fault with the generated file")
    peer, note = _pyx12(short)
    speed = Figure(
        name="edi.837.validate",
        ours=_rate(ours),
        floor=_rate(floor),
        peers={"pyx12": peer},
        ratio=_rate(ours) / _rate(floor),
        unit="claims per CPU second, 999 written",
        required=f">= {LEAST:,} and >= {LEAST_OF_PYX12} x pyx12",
        met=_rate(ours) >= LEAST and _rate(ours) >= LEAST_OF_PYX12 * (peer or 0),
        note=note,
    )
    memory = Figure(
        name="edi.837.validate.memory",
        ours=round(ours["peak_mb"], 1),
        unit="MB at the peak",
        required=f"<= {MOST_MEMORY}",
        met=ours["peak_mb"] <= MOST_MEMORY,
    )
    return [speed, memory]
