"""The 837: claims read and written per CPU second, beside a floor and what others reach."""

from pathlib import Path
from typing import Any

from benchmarks import generate837, measuring, peers
from benchmarks.registry import Figure, case

CLAIMS = 10_000
# The peers take a hundred times as long.
CLAIMS_FOR_PEERS = 300
LEAST_READ = 8_000
LEAST_WRITTEN = 10_000
LEAST_OF_FLOOR = 0.3
MOST_MEMORY = 30


def _rate(answer: dict[str, Any]) -> int:
    return round(int(answer["claims"]) / float(answer["cpu_seconds"]))


def _x12sdk(path: Path, what: str) -> tuple[int | None, str]:
    try:
        python = peers.python_of("x12sdk")
        return _rate(measuring.best("claim837_x12sdk.py", path, what, python=python, repeats=2)), ""
    except (peers.PeerMissing, RuntimeError) as error:
        return None, f"x12sdk: {error}"


def _pyx12(path: Path) -> tuple[int | None, str]:
    try:
        return _rate(measuring.best("claim837_read_pyx12.py", path, repeats=2)), ""
    except RuntimeError as error:
        return None, f"pyx12: {error}"


@case("edi.837.read")
def read() -> list[Figure]:
    path, short = generate837.file(CLAIMS), generate837.file(CLAIMS_FOR_PEERS)
    ours = measuring.best("claim837_read_ours.py", path)
    floor = measuring.best("claim837_read_floor.py", path)
    if ours["claims"] != CLAIMS or ours["findings"]:
        raise RuntimeError("our reader lost claims or found fault with the generated file")
    sdk, sdk_note = _x12sdk(short, "read")
    pyx12, pyx12_note = _pyx12(short)
    speed = Figure(
        name="edi.837.read",
        ours=_rate(ours),
        floor=_rate(floor),
        peers={"x12sdk": sdk, "pyx12": pyx12},
        ratio=_rate(ours) / _rate(floor),
        unit="claims per CPU second",
        required=f">= {LEAST_READ:,}",
        met=_rate(ours) >= LEAST_READ,
        note="; ".join(note for note in (sdk_note, pyx12_note) if note),
    )
    memory = Figure(
        name="edi.837.read.memory",
        ours=round(ours["peak_mb"], 1),
        floor=round(floor["peak_mb"], 1),
        unit="MB at the peak",
        required=f"<= {MOST_MEMORY}",
        met=ours["peak_mb"] <= MOST_MEMORY,
    )
    return [speed, memory]


@case("edi.837.write")
def write() -> Figure:
    path, short = generate837.file(CLAIMS), generate837.file(CLAIMS_FOR_PEERS)
    runs = measuring.best_of_each(
        {
            "ours": ("claim837_write_ours.py", path),
            "floor": ("claim837_write_floor.py", path, "segments"),
            "by element": ("claim837_write_floor.py", path, "elements"),
            "bare join": ("claim837_write_floor.py", path, "unseen"),
        }
    )
    ours, floor = _rate(runs["ours"]), _rate(runs["floor"])
    by_element, bare = _rate(runs["by element"]), _rate(runs["bare join"])
    sdk, note = _x12sdk(short, "write")
    joined = (
        f"a floor that looks at element by element: {by_element:,}, we are {ours / by_element:.2f}"
        f" of it; a bare join that looks at nothing: {bare:,}, {ours / bare:.2f}"
    )
    return Figure(
        name="edi.837.write",
        ours=ours,
        floor=floor,
        peers={"x12sdk": sdk},
        ratio=ours / floor,
        unit="claims per CPU second",
        required=f">= {LEAST_WRITTEN:,}, >= {LEAST_OF_FLOOR} of the floor",
        met=ours >= LEAST_WRITTEN and ours >= LEAST_OF_FLOOR * floor,
        note="; ".join(filter(None, [note, joined])),
    )
