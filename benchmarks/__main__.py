"""Run the benchmarks: `python -m benchmarks [ONLY=name-prefix]`.

Prints one table and writes build/bench.json.
"""

import sys
from pathlib import Path

import msgspec

from benchmarks import registry
from benchmarks.registry import Figure

OUTPUT = Path(__file__).resolve().parent.parent / "build" / "bench.json"


def main(arguments: list[str]) -> int:
    only = ""
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name != "ONLY":
            print("usage: python -m benchmarks [ONLY=name]", file=sys.stderr)
            return 2
        only = value
    chosen = {name: run for name, run in registry.load().items() if name.startswith(only)}
    if not chosen:
        print(f"no case is named {only}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    failed = False
    for name, run in chosen.items():
        print(f"... {name}", file=sys.stderr, flush=True)
        try:
            answer = run()
        except Exception as error:
            failed = True
            figures.append(Figure(name=name, ours=None, unit="", note=f"failed: {error}"))
            continue
        figures.extend([answer] if isinstance(answer, Figure) else answer)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    print(table(figures))
    missed = [figure.name for figure in figures if figure.met is False]
    if missed:
        print(f"not met: {', '.join(missed)}", file=sys.stderr)
    return 1 if failed or missed else 0


def table(figures: list[Figure]) -> str:
    rows = [("case", "ours", "floor", "ratio", "peers", "unit", "required")]
    for figure in figures:
        peers = ", ".join(f"{name} {shown(value)}" for name, value in figure.peers.items())
        required = figure.required
        if figure.met is not None:
            required += " (met)" if figure.met else " (NOT MET)"
        rows.append(
            (
                figure.name,
                shown(figure.ours),
                shown(figure.floor),
                shown(figure.ratio),
                peers,
                figure.unit,
                required,
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    notes = [f"{figure.name}: {figure.note}" for figure in figures if figure.note]
    return "\n".join([*lines, *notes])


def shown(value: float | int | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
