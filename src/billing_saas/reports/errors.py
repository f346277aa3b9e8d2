"""Why a question has no answer."""


class NotAsked(Exception):
    """The server does not keep what the question needs (`track_commit_timestamp`)."""
