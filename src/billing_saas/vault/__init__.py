"""Secrets of the platform at rest: sealed under one key of its own, which the key provider wraps."""
