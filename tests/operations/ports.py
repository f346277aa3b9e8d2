"""Ports that nobody listens at."""

import socket


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def free_ports(count: int) -> int:
    """The first of `count` in a row."""
    while True:
        first = free_port()
        probes = [socket.socket() for _ in range(count)]
        try:
            for at, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + at))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
