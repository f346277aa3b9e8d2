"""Questions over all rooms, read-only: what must be true of a practice whatever happened.

It owns nothing but the latest answers.
"""
