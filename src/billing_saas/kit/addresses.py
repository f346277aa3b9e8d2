"""One spelling of a database address for both drivers: libpq's, as the operator writes it."""

import ssl
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TLS_WORDS = {"sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding"}


def for_asyncpg(url: str) -> tuple[str, ssl.SSLContext | bool]:
    """The address without its TLS words, and what they mean to asyncpg.

    SQLAlchemy hands asyncpg every word of the query as an argument, which it knows by other names;
    and it has no `sslrootcert=system`. Only the modes that a connection can be trusted by, and none,
    are told apart: `require` and `verify-ca` are held to the same as `verify-full`.
    """
    parts = urlsplit(url)
    words = dict(parse_qsl(parts.query))
    plain = urlunsplit(
        parts._replace(query=urlencode([(k, v) for k, v in words.items() if k not in _TLS_WORDS]))
    )
    if words.get("sslmode", "disable") in ("disable", "allow", "prefer"):
        return plain, False
    authority = words.get("sslrootcert", "system")
    context = ssl.create_default_context(cafile=None if authority == "system" else authority)
    if words.get("sslcert"):
        context.load_cert_chain(words["sslcert"], words.get("sslkey"))
    return plain, context
