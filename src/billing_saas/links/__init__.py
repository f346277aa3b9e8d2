"""Links and paper codes that a patient opens: made here, kept as hashes, dead after five wrong tries."""
