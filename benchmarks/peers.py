"""Other people's readers, each in a virtual environment of its own under build/peers, because
their pins conflict. Made on demand; a peer that cannot be installed is reported, not fatal."""

import subprocess
import sys
from functools import cache
from pathlib import Path

PINS = {
    "edi-835-parser": "edi-835-parser==1.8.0",
    "openx12": "openx12==0.2.1",
    "x12sdk": "x12sdk==2.2.0",
}
FOLDER = Path(__file__).resolve().parent.parent / "build" / "peers"


class PeerMissing(Exception):
    """The peer could not be installed here; the message says why."""


@cache
def python_of(peer: str) -> str:
    """The interpreter of a peer's environment, made and filled where it is not there."""
    home = FOLDER / peer
    python = home / "bin" / "python"
    stamp = home / "installed.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == PINS[peer]:
        return str(python)
    try:
        _run([sys.executable, "-m", "venv", "--clear", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", PINS[peer]])
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerMissing(f"{PINS[peer]} could not be installed: {error}") from error
    stamp.write_text(PINS[peer], encoding="utf-8")
    return str(python)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise subprocess.SubprocessError(last[:200])
