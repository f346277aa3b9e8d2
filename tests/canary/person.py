"""One patient whose every value is unique, and how each may look where it must not be."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SURNAME = "QUAGGAFORTH"
GIVEN = "ZEPHYRINEX"
MIDDLE = "WOBBLEQUIN"
STREET = "77 XYLOPHONE QUIXBEND"
CITY = "ZZYZXBURGH"
BORN = "19430217"
MEMBER_ID = "QZX73849261K"
GROUP = "GRPQX55172"
SSN = "987654329"
CLAIM_NUMBER = "KLM4471902Q"
TRACKING_NUMBER = "DQ97718203"
PAYER_CLAIM_NUMBER = "ICNQ88172635"
RECORD_NUMBER = "MRNQ558812"
DIAGNOSIS = "V9733XD"
NOTE = "FELL OFF A QUILLBACK TRAMPOLINE"
EMAIL = "z.quaggaforth@wobblemail.example"
PHONE = "+13128465097"
FILE_NAME = "quaggaforth-zephyrinex.837"

VALUES = (
    *(SURNAME, GIVEN, MIDDLE, STREET, CITY, BORN, "1943-02-17", "02/17/1943", MEMBER_ID, GROUP),
    *(EMAIL, PHONE, "312-846-5097", "(312) 846-5097", "3128465097"),
    *(SSN, CLAIM_NUMBER, TRACKING_NUMBER, PAYER_CLAIM_NUMBER, RECORD_NUMBER, DIAGNOSIS, NOTE),
)


def of(claims_file: bytes) -> bytes:
    """The same file, with this person in place of the first patient."""
    segments = claims_file.decode().split("~")
    start = next(at for at, one in enumerate(segments) if one.startswith("SBR*"))
    end = next(
        (at for at in range(start + 1, len(segments)) if segments[at].startswith(("HL*", "SE*"))),
        -1,
    )
    written = list(_rewritten(segments[start:end]))
    last = next(at for at, one in enumerate(segments) if one.startswith("SE*"))
    segments[last] = re.sub(
        r"\d+", lambda m: str(int(m[0]) + len(written) - (end - start)), segments[last], count=1
    )
    return "~".join([*segments[:start], *written, *segments[end:]]).encode()


def _rewritten(segments: list[str]) -> Iterator[str]:
    claim = next(one for one in segments if one.startswith("CLM*")).split("*")[1]
    in_claim = False
    for one in segments:
        parts = one.split("*")
        match parts[0]:
            case "SBR":
                parts[3] = GROUP
            case "NM1" if parts[1] == "IL":
                parts[3:6] = [SURNAME, GIVEN, MIDDLE]
                parts[9] = MEMBER_ID
            case "N3" if not in_claim:
                parts[1] = STREET
            case "N4" if not in_claim:
                parts[1] = CITY
            case "DMG":
                parts[2] = BORN
                yield "*".join(parts)
                yield f"REF*SY*{SSN}"
                continue
            case "CLM":
                in_claim = True
            case "REF" if parts[1] == "D9":
                parts[2] = TRACKING_NUMBER
                yield "*".join(parts)
                yield f"REF*EA*{RECORD_NUMBER}"
                yield f"NTE*ADD*{NOTE}"
                continue
            case "HI":
                parts[1] = f"ABK:{DIAGNOSIS}"
        yield "*".join(parts).replace(claim, CLAIM_NUMBER)


def paid(remittance_file: bytes) -> bytes:
    """The payer's answer, with the payer's own number for this person's claim."""
    segments = remittance_file.decode().split("~")
    claim = 0
    for at, one in enumerate(segments):
        if one.startswith("CLP*"):
            claim = at
        if one.startswith("NM1*QC*") and SURNAME in one:
            parts = segments[claim].split("*")
            parts[7] = PAYER_CLAIM_NUMBER
            segments[claim] = "*".join(parts)
    return "~".join(segments).encode()


# --- looking for it ---


def _variants(value: str) -> Iterator[tuple[str, bytes, bool]]:
    """How, bytes, and whether case matters."""
    yield "as it is", value.encode(), False
    yield "UTF-16", value.encode("utf-16-le"), False
    for text in {value, value.title(), value.lower()}:
        raw = text.encode()
        yield "hex", raw.hex().encode(), False
        if " " in text or "/" in text:
            yield "percent", quote(text).encode(), False
            yield "form", quote_plus(text).encode(), False
        # Wherever it lies among other bytes: without the characters that neighbors have a part in.
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + raw)
            core = coded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
            if len(core) >= 8:
                yield "base64", core, True
                yield "base64", core.translate(bytes.maketrans(b"+/", b"-_")), True


_LOOKED_FOR = sorted(
    {
        (value, how, raw if exact else raw.lower(), exact)
        for value in VALUES
        for how, raw, exact in _variants(value)
    }
)


def found_in(content: bytes) -> list[str]:
    """What of this person lies in `content`, and in which form."""
    folded = content.lower()
    return sorted(
        {
            f"{value} ({how})"
            for value, how, raw, exact in _LOOKED_FOR
            if raw in (content if exact else folded)
        }
    )
