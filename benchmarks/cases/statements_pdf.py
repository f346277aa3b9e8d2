"""Statements on paper: eight visits, coupon, QR code and code to type, one file each, on one core.

The floor is reportlab's own share: a document of one compressed page whose operators are at hand. The
peers are the same statement drawn string by string on the same canvas, and laid out by platypus, each
with a QR code that segno makes whole.
"""

import os

from benchmarks import measuring
from benchmarks.registry import Figure, case

STATEMENTS = int(os.environ.get("BENCH_STATEMENTS", "1000"))
LEAST_RATE = 500


@case("statements.pdf")
def statements_pdf() -> Figure:
    few = max(STATEMENTS // 10, 1)
    runs = measuring.best_of_each(
        {
            "ours": ("statements_pdf_ours.py", STATEMENTS),
            "floor": ("statements_pdf_floor.py", STATEMENTS),
            "canvas": ("statements_pdf_peer.py", "canvas", few),
            "platypus": ("statements_pdf_peer.py", "platypus", few),
        }
    )
    rates = {name: run["statements"] / run["cpu_seconds"] for name, run in runs.items()}
    return Figure(
        name="statements.pdf",
        ours=round(rates["ours"]),
        floor=round(rates["floor"]),
        peers={f"reportlab {name}": round(rates[name]) for name in ("canvas", "platypus")},
        ratio=round(rates["ours"] / rates["floor"], 2),
        unit="statements per second",
        required=f">= {LEAST_RATE}",
        met=rates["ours"] >= LEAST_RATE,
        note=f"one core; {runs['ours']['bytes']:,} bytes each",
    )
