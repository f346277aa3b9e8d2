"""The numbers that sealed cells and blind indexes are bound to. Frozen: a number is never reused.

A cell's number is part of what its ciphertext is authenticated with, so changing one makes every
document sealed there unreadable. Documents grow by optional fields under the same schema number; a
change of meaning takes a new column number. A changed normalisation takes a new field number.
A test pins this file's content by hash: add lines, change none.
"""

import struct
from dataclasses import dataclass, field
from enum import StrEnum


class Key(StrEnum):
    """Which of a practice's keys a cell is under. `FILE`: a key of its own, which a cell keeps."""

    DOCUMENTS = "dek"
    RESTRICTED = "dekr"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Cell:
    """A sealed column: `table.column` by name, and the numbers bound into each ciphertext.

    The row says in `version_column` which version of the key. Beside a new cell, a migration grants
    the application UPDATE of both columns, or the cell's key can never be rotated.
    """

    table: str
    column: str
    table_number: int
    column_number: int
    schema: int = 1
    key: Key = Key.DOCUMENTS
    place: bytes = field(init=False, repr=False, compare=False)
    form: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        place = struct.pack(">HH", self.table_number, self.column_number)
        object.__setattr__(self, "place", place)
        object.__setattr__(self, "form", struct.pack(">H", self.schema))

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}"

    @property
    def version_column(self) -> str:
        return "restricted_key_ver" if self.key is Key.RESTRICTED else "key_ver"


PATIENT_PHI_DEMO = Cell("patient", "phi_demo", 1, 1)
PATIENT_NAME_CT = Cell("patient", "name_ct", 1, 2)
COVERAGE_PHI_DEMO = Cell("coverage", "phi_demo", 2, 1)
ARRIVAL_PHI_DEMO = Cell("arrival", "phi_demo", 3, 1)
ENCOUNTER_PHI_CLIN = Cell("encounter", "phi_clin", 4, 1)
CLAIM_PHI_DEMO = Cell("claim", "phi_demo", 5, 1)
SUBMISSION_PHI_DEMO = Cell("submission", "phi_demo", 6, 1)
REMITTANCE_PHI_DEMO = Cell("remittance", "phi_demo", 7, 1)
CLAIM_PAYMENT_PHI_DEMO = Cell("claim_payment", "phi_demo", 8, 1)
PROVIDER_ADJUSTMENT_PHI_DEMO = Cell("provider_adjustment", "phi_demo", 9, 1)
BLOB_SEALED_KEY = Cell("blob", "sealed_key", 10, 1)
BLOB_CHUNK_SEALED = Cell("blob_chunk", "sealed", 11, 1, key=Key.FILE)
DOCUMENT_PHI_CLIN = Cell("document", "phi_clin", 12, 1)
EMERGENCY_ACCESS_PHI_CLIN = Cell("emergency_access", "phi_clin", 13, 1)
PATIENT_REQUEST_PHI_CLIN = Cell("patient_request", "phi_clin", 40, 1)
PATIENT_CONTACT_PHI_DEMO = Cell("patient_contact", "phi_demo", 50, 1)
MESSAGE_PHI_DEMO = Cell("message", "phi_demo", 51, 1)
LETTER_THREAD_PHI_CLIN = Cell("letter_thread", "phi_clin", 52, 1)
THREAD_LETTER_PHI_CLIN = Cell("thread_letter", "phi_clin", 53, 1)
HARDSHIP_APPLICATION_PHI_DEMO = Cell("hardship_application", "phi_demo", 70, 1)
CIRCUMSTANCE_PHI_DEMO = Cell("circumstance", "phi_demo", 71, 1)


class Normal(StrEnum):
    """How one value is brought to the form that is indexed; `rules` holds the functions."""

    NAME_1 = "name_1"
    DAY_1 = "day_1"
    IDENTIFIER_1 = "identifier_1"
    PHONE_1 = "phone_1"
    EMAIL_1 = "email_1"


@dataclass(frozen=True, slots=True)
class BlindField:
    """What may be searched exactly: its number and the normal form of each value it takes."""

    name: str
    number: int
    normals: tuple[Normal, ...]


PATIENT_SURNAME_DOB = BlindField("patient_surname_dob", 1, (Normal.NAME_1, Normal.DAY_1))
PATIENT_MRN = BlindField("patient_mrn", 2, (Normal.IDENTIFIER_1,))
COVERAGE_MEMBER_ID = BlindField("coverage_member_id", 3, (Normal.IDENTIFIER_1,))
PATIENT_PHONE = BlindField("patient_phone", 4, (Normal.PHONE_1,))
PATIENT_EMAIL = BlindField("patient_email", 5, (Normal.EMAIL_1,))
CLAIM_ACCOUNT_NUMBER = BlindField("claim_account_number", 6, (Normal.IDENTIFIER_1,))
PAYER_CLAIM_NUMBER = BlindField("payer_claim_number", 7, (Normal.IDENTIFIER_1,))
# CLM01 as a practice's own system numbers its patients' accounts.
PATIENT_ACCOUNT = BlindField("patient_account", 8, (Normal.IDENTIFIER_1,))
CONTACT_PHONE = BlindField("contact_phone", 50, (Normal.PHONE_1,))

CELLS: tuple[Cell, ...] = tuple(v for v in list(globals().values()) if isinstance(v, Cell))
FIELDS: tuple[BlindField, ...] = tuple(
    v for v in list(globals().values()) if isinstance(v, BlindField)
)
