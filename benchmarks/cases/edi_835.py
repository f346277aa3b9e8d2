"""The 835: claims read per CPU second, peak memory, and what is kept of the money."""

from pathlib import Path
from typing import Any

from benchmarks import generate835, measuring, peers
from benchmarks.registry import Figure, case

CLAIMS = 10_000
MANY_CLAIMS = 200_000
LEAST_OF_FLOOR = 0.40
LEAST_OF_PEER = 6
MOST_MEMORY = 30
_SCRIPTS = {"edi-835-parser": "era835_edi_835_parser.py", "openx12": "era835_openx12.py"}


def _peers(path: Path, repeats: int = 2) -> tuple[dict[str, dict[str, Any] | None], str]:
    """What each peer answers, None for one that cannot be had, and why."""
    answers: dict[str, dict[str, Any] | None] = {}
    notes = []
    for peer, script in _SCRIPTS.items():
        try:
            python = peers.python_of(peer)
            answers[peer] = measuring.best(script, path, python=python, repeats=repeats)
        except (peers.PeerMissing, RuntimeError) as error:
            answers[peer] = None
            notes.append(f"{peer}: {error}")
    return answers, "; ".join(notes)


def _pythons() -> tuple[dict[str, str], str]:
    """The interpreters of the peers that can be had, and why the others cannot."""
    pythons: dict[str, str] = {}
    notes = []
    for peer in _SCRIPTS:
        try:
            pythons[peer] = peers.python_of(peer)
        except peers.PeerMissing as error:
            notes.append(str(error))
    return pythons, "; ".join(notes)


def _rate(answer: dict[str, Any]) -> int:
    return round(float(answer["claims"]) / float(answer["cpu_seconds"]))


@case("edi.835.read")
def read() -> list[Figure]:
    path, totals = generate835.file(CLAIMS)
    pythons, note = _pythons()
    runs = measuring.best_of_each(
        {
            "ours": ("era835_ours.py", path),
            "floor": ("era835_floor.py", path, "records"),
            "floor by element": ("era835_floor.py", path, "elements"),
            **{peer: (_SCRIPTS[peer], path) for peer in pythons},
        },
        pythons=pythons,
    )
    ours, floor = runs["ours"], runs["floor"]
    if not ours["balanced"] or ours["claims"] != totals.claims:
        raise RuntimeError("our reader lost claims or found the generated file unbalanced")
    rates = {peer: _rate(runs[peer]) if peer in runs else None for peer in _SCRIPTS}
    ratio = _rate(ours) / _rate(floor)
    fastest = max((rate for rate in rates.values() if rate), default=0)
    speed = Figure(
        name="edi.835.read",
        ours=_rate(ours),
        floor=_rate(floor),
        peers=dict(rates),
        ratio=ratio,
        unit="claims per CPU second",
        required=f">= {LEAST_OF_FLOOR} of the floor, >= {LEAST_OF_PEER} x the faster peer",
        met=ratio >= LEAST_OF_FLOOR and _rate(ours) >= LEAST_OF_PEER * fastest,
        note="; ".join(
            filter(
                None,
                [
                    note,
                    f"a floor that hashes element by element: {_rate(runs['floor by element']):,}",
                ],
            )
        ),
    )
    return [speed, *_kept()]


def _kept() -> list[Figure]:
    """What of the money each reader keeps, on a file of ten payments."""
    path, totals = generate835.file(50, payments=10)
    ours = measuring.run_once("era835_facts.py", path)
    answers, _ = _peers(path, repeats=1)
    wanted = {
        "adjustments": totals.adjustments,
        "adjusted_cents": totals.adjusted_cents,
        "provider_adjustments": totals.provider_adjustments,
        "payments": totals.payments,
    }
    units = {
        "adjustments": "adjustments kept",
        "adjusted_cents": "cents adjusted",
        "provider_adjustments": "PLB pairs kept",
        "payments": "payments told apart",
    }
    return [
        Figure(
            name=f"edi.835.kept.{what}",
            ours=ours[what],
            floor=count,
            peers={peer: answer[what] if answer else None for peer, answer in answers.items()},
            ratio=ours[what] / count,
            unit=units[what],
            required="all",
            met=ours[what] == count,
        )
        for what, count in wanted.items()
    ]


@case("edi.835.read.memory")
def memory() -> list[Figure]:
    path, _ = generate835.file(CLAIMS)
    answers, note = _peers(path, repeats=1)
    figures = []
    for claims in (CLAIMS, MANY_CLAIMS):
        path, totals = generate835.file(claims)
        ours = measuring.run_once("era835_ours.py", path)
        if not ours["balanced"] or ours["claims"] != totals.claims:
            raise RuntimeError("our reader lost claims or found the generated file unbalanced")
        small = claims == CLAIMS
        figures.append(
            Figure(
                name=f"edi.835.read.memory.{claims}",
                ours=round(ours["peak_mb"], 1),
                floor=round(measuring.run_once("era835_floor.py", path, "records")["peak_mb"], 1),
                peers={
                    peer: round(answer["peak_mb"], 1) if answer else None
                    for peer, answer in answers.items()
                }
                if small
                else {},
                unit="MB peak, whole process",
                required=f"< {MOST_MEMORY}",
                met=ours["peak_mb"] < MOST_MEMORY,
                note=note if small else "",
            )
        )
        if not small:
            path.unlink()
    return figures
