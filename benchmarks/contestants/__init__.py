"""Scripts that are timed, each in a process of its own; each prints one line of JSON."""
