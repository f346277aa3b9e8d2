"""Our writer: the claims of a file, already structs, to the bytes of an interchange.

Levels and lines numbered, limits and delimiters checked, amounts in canonical form.
"""

import json
import sys
import time

from billing_saas.edi import claim837_reader, claim837_writer
from billing_saas.edi.envelope import interchanges
from billing_saas.edi.writing import OutgoingGroup, OutgoingSet, write_interchange


def main(path: str) -> None:
    with open(path, "rb") as file:
        content = file.read()
    batches = []
    for interchange in interchanges([content]):
        for group in interchange.groups():
            for transaction in group.transactions():
                stream = claim837_reader.read(transaction)
                batches.append((stream.header, list(stream)))
            group_header = group.header
        header = interchange.header
    start = time.process_time()
    sets = [
        OutgoingSet(
            identifier="837",
            control_number=batch.control_number,
            version=batch.version,
            segments=claim837_writer.blocks(batch, claims),
        )
        for batch, claims in batches
    ]
    written = write_interchange(header, [OutgoingGroup(header=group_header, sets=sets)]).encode()
    seconds = time.process_time() - start
    if written != content:
        raise SystemExit("what was written is not what was read")
    claims = sum(len(claims) for _, claims in batches)
    print(json.dumps({"cpu_seconds": seconds, "claims": claims, "bytes": len(written)}))


main(sys.argv[1])
