"""Sealed files, each under a random key of its own, in chunks that cannot be dropped or reordered."""
