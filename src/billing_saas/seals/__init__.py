"""What shows that nobody touched the audit trail: trees over its events, signed heads, proofs, anchors."""
