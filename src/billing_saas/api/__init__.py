"""HTTP only: parse, call one act, answer. One folder per audience."""
