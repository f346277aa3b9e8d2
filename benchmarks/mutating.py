"""Public samples, damaged at random from a seed: what every reader must survive."""

import random
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "samples" / "x12"
LARGEST = 6_000
_BITS = (
    b"*", b"~", b":", b"^", b">", b"\n", b"\r\n", b"~~", b"\x1d", b"\x00", b"\xff", b"\xc3\xa9", b" ",
    b"-", b".", b"9" * 30, b"1e9", b"ISA", b"~ISA*", b"~IEA*1*1~", b"~SE*1*1~", b"~ST*835*1~",
    b"~GE*1*1~", b"~GS*HP~", b"~CLP*A*1*x~", b"~SVC~", b"~CAS~", b"~PLB~", b"~LX~", b"~HL*1*9*22*1~",
    b"~CLM~", b"~TA1~", b"~BIN*5*ab~", b"~NM1~", b"\xd9\xa1", b"A" * 300,
)  # fmt: skip


def seeds() -> list[bytes]:
    """Samples small enough to be read some hundred times a second, in a fixed order."""
    paths = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and path.suffix != ".tsv")
    contents = [path.read_bytes() for path in paths if path.suffix != ".md"]
    return [content for content in contents if len(content) <= LARGEST]


def mutated(samples: list[bytes], dice: random.Random) -> bytes:
    """One sample with one to eight faults; at times two samples become one."""
    content = bytearray(dice.choice(samples))
    if dice.random() < 0.1:
        other = dice.choice(samples)
        content[dice.randrange(len(content) + 1) :] = other[dice.randrange(len(other) + 1) :]
    for _ in range(dice.choice((1, 1, 2, 3, 5, 8))):
        # One in ten hits the ISA; elsewhere nothing inside it would ever be read.
        first = 0 if dice.random() < 0.1 else min(110, len(content))
        at = dice.randint(first, len(content))
        _damage(content, at, dice)
    return bytes(content)


def _damage(content: bytearray, at: int, dice: random.Random) -> None:
    fault = dice.randrange(7)
    length = dice.choice((1, 1, 2, 5, 20, 100))
    if fault == 0:
        content[at : at + 1] = bytes([dice.randrange(256)])
    elif fault == 1:
        del content[at : at + length]
    elif fault == 2:
        content[at:at] = dice.choice(_BITS)
    elif fault == 3:
        content[at : at + length] = dice.choice(_BITS)
    elif fault == 4:
        content[at:at] = content[at : at + length] * dice.choice((1, 2, 10))
    elif fault == 5:
        del content[at:]
    else:
        segments = content.split(b"~")
        one, two = dice.randrange(len(segments)), dice.randrange(len(segments))
        segments[one], segments[two] = segments[two], segments[one]
        content[:] = b"~".join(segments)
