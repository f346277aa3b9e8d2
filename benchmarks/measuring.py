"""Run a contestant in a process of its own and keep its best of a few runs.

The machines that measure are shared: the best run is the one least disturbed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))


def run_once(script: str, *arguments: object, python: str = sys.executable) -> dict[str, Any]:
    """The JSON a contestant prints; raises RuntimeError with its last words where it fails."""
    command = [python, str(ROOT / "benchmarks" / "contestants" / script), *map(str, arguments)]
    # A peer's environment sees our scripts, but nothing of our dependencies.
    paths = [str(ROOT)] if python != sys.executable else [str(ROOT / "src"), str(ROOT)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(  # our own scripts
        command, capture_output=True, text=True, timeout=600, check=False, env=environment
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise RuntimeError(f"{script}: {last[:200]}")
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def best_of_each(
    contestants: dict[str, tuple[object, ...]],
    repeats: int = REPEATS,
    pythons: dict[str, str] | None = None,
) -> dict[str, dict[str, Any]]:
    """The best run of each contestant (script and arguments), run by turns, so that a machine that
    slows down for a while slows all of them. `pythons` names the interpreters that are not ours."""
    bests: dict[str, dict[str, Any]] = {}
    for _ in range(repeats):
        for name, (script, *arguments) in contestants.items():
            others = pythons or {}
            try:
                run = run_once(str(script), *arguments, python=others.get(name, sys.executable))
            except RuntimeError:
                if name not in others:
                    raise
                continue  # a peer that breaks has no figure
            if name not in bests or run["cpu_seconds"] < bests[name]["cpu_seconds"]:
                bests[name] = run
    return bests


def best(
    script: str, *arguments: object, python: str = sys.executable, repeats: int = REPEATS
) -> dict[str, Any]:
    """The run with the least `cpu_seconds`."""
    runs = [run_once(script, *arguments, python=python) for _ in range(repeats)]
    return min(runs, key=lambda run: float(run["cpu_seconds"]))
