"""The code sets that are shipped: what each is, as of when, and how its codes look.

A new edition is a new file in `data` and one line here (SOURCES.md says how the files are made).
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeSet:
    """Of days before `complete_from` (CCYYMMDD) the file does not know every code: one that it
    does not list, but that has the `shape` of one, may have been good then. Later days are held to
    the last edition there is.

    `elsewhere` are codes of other lists that stand in the same place and are not ours to judge.
    """

    name: str
    title: str
    edition: str
    complete_from: str
    shape: re.Pattern[str]
    file: str
    elsewhere: re.Pattern[str] = re.compile(r"(?!)")


def _set(
    name: str,
    title: str,
    edition: str,
    complete_from: str,
    shape: str,
    file: str,
    elsewhere: str = "(?!)",
) -> CodeSet:
    shaped, other = re.compile(shape, re.ASCII), re.compile(elsewhere, re.ASCII)
    return CodeSet(name, title, edition, complete_from, shaped, file, other)


# CPT (five digits, or four and a letter) belongs to the AMA and CDT (D and four digits) to the ADA:
# neither is shipped, and both come under the qualifier of HCPCS.
_CPT_AND_CDT = r"\d{4}[0-9A-Z]|D\d{4}"

SETS: dict[str, CodeSet] = {
    one.name: one
    for one in (
        _set(
            "icd10", "ICD-10-CM", "FY 2027", "20251001",
            r"[A-Z][0-9A][0-9A-Z]{1,5}", "icd10cm.tsv.gz",
        ),
        _set(
            "hcpcs", "HCPCS Level II", "July 2026", "20260701",
            r"[A-Z]\d{4}", "hcpcs.tsv.gz", _CPT_AND_CDT,
        ),
        _set(
            "carc", "claim adjustment reason codes", "August 2026", "20260801",
            r"\d{1,3}|[ABDPWY]\d{1,2}", "carc.tsv.gz",
        ),
        _set(
            "rarc", "remittance advice remark codes", "2026", "20260101",
            r"(?:MA?|N)\d{1,4}", "rarc.tsv.gz",
        ),
        _set(
            "place", "place of service codes", "August 2024", "20240801",
            r"\d{2}", "place_of_service.tsv.gz",
        ),
        _set(
            "taxonomy", "Health Care Provider Taxonomy", "25.1", "20251001",
            r"\d{3}[0-9A-Z]{6}X", "nucc_taxonomy_251.csv.gz",
        ),
        _set(
            "status", "claim status codes", "2026", "20260101",
            r"\d{1,4}", "status.tsv.gz",
        ),
        _set(
            "status_category", "claim status category codes", "2026", "20260101",
            r"[A-Z]\d{1,2}[A-Z]?|RQ", "status_category.tsv.gz",
        ),
    )
}  # fmt: skip
