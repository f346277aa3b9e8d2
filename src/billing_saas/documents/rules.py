"""Kinds of document, the types of file that are taken, and their limits."""

from typing import Literal, get_args

from billing_saas.documents.errors import DocumentRefused
from billing_saas.duties.visibility_rules import Field
from billing_saas.phi.sealing import Document as Sealed

Kind = Literal[
    "insurance_card",
    "identity_card",
    "referral",
    "authorization",
    "medical_record",
    "explanation_of_benefits",
    "payer_letter",
    "appeal",
    "consent",
    "patient_letter",
    "other",
]
KINDS: frozenset[str] = frozenset(get_args(Kind))

# Which classes of field one learns from a document of a kind, title and content: who does not see them all
# sees that there is such a document. What may hold anything is held to be clinical.
HOLDS: dict[str, tuple[Field, ...]] = {
    "insurance_card": (Field.IDENTIFIERS,),
    "identity_card": (Field.DEMOGRAPHICS, Field.CONTACT),
    "referral": (Field.DIAGNOSES,),
    "authorization": (Field.DIAGNOSES, Field.PROCEDURES),
    "medical_record": (Field.DIAGNOSES, Field.PROCEDURES),
    "explanation_of_benefits": (Field.IDENTIFIERS, Field.PROCEDURES, Field.AMOUNTS),
    "payer_letter": (Field.DIAGNOSES, Field.PROCEDURES),
    "appeal": (Field.DIAGNOSES, Field.PROCEDURES),
    "consent": (Field.DEMOGRAPHICS,),
    "patient_letter": (Field.DEMOGRAPHICS, Field.CONTACT),
    "other": (Field.DIAGNOSES,),
}

MOST_BYTES = 25 << 20
# An image written anew without loss can be larger than it came.
MOST_KEPT_BYTES = 2 * MOST_BYTES
MOST_PAGES = 300
# A page at 600 dots per inch, A3, is 70 million pixels.
MOST_PIXELS = 80_000_000

PDF = "application/pdf"
JPEG = "image/jpeg"
PNG = "image/png"
TIFF = "image/tiff"
_BEGINNINGS = {
    b"%PDF-": PDF,
    b"\xff\xd8\xff": JPEG,
    b"\x89PNG\r\n\x1a\n": PNG,
    b"II*\x00": TIFF,
    b"MM\x00*": TIFF,
}
TAKEN = "PDF, JPEG, PNG and TIFF"


class Title(Sealed):
    """A title can name an illness."""

    title: str


def media_type(content: bytes, declared: str) -> str:
    """What the content is by its first bytes; `DocumentRefused` where that is not what was said."""
    found = next((kind for begin, kind in _BEGINNINGS.items() if content.startswith(begin)), None)
    if found is None:
        raise DocumentRefused(
            f"The file is none of {TAKEN}.", field="content", reason="unknown_type"
        )
    said = declared.partition(";")[0].strip().lower()
    if said not in ("", "application/octet-stream", found):
        raise DocumentRefused(
            f"The file is {found}, but was sent as something else.",
            field="Content-Type",
            reason="other_type",
        )
    return found
