"""Argon2id, off the event loop, a few at a time: signing in must not become a way to stop everything."""

import asyncio
import hmac
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from billing_saas.kit import meters
from billing_saas.signin import rules
from billing_saas.signin.errors import Busy

HASH_BYTES, SALT_BYTES = 32, 16
# Each takes 19 MiB and a core for as long as it lasts.
AT_A_TIME = 2
MOST_WAITING = 64

_pool = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="passwords")
_waiting = 0


@dataclass(frozen=True, slots=True)
class Parameters:
    """OWASP's second choice of Argon2id, and what ASVS 5 asks at least."""

    memory_kib: int = 19 * 1024
    iterations: int = 2
    lanes: int = 1


CURRENT = Parameters()


@dataclass(frozen=True, slots=True, repr=False)
class Hashed:
    password_hash: bytes
    salt: bytes
    parameters: Parameters

    def __repr__(self) -> str:
        return "<Hashed>"


# No password has it: what is checked where there is no account, so that it takes as long.
NOBODYS = Hashed(bytes(HASH_BYTES), bytes(SALT_BYTES), CURRENT)


async def hashed(password: str, parameters: Parameters | None = None) -> Hashed:
    salt = secrets.token_bytes(SALT_BYTES)
    used = parameters or CURRENT
    return Hashed(await _derived(password, salt, used), salt, used)


async def fits(password: str, held: Hashed) -> bool:
    made = await _derived(password, held.salt, held.parameters)
    return hmac.compare_digest(made, held.password_hash)


async def _derived(password: str, salt: bytes, parameters: Parameters) -> bytes:
    global _waiting  # how long the queue is, of this process
    if _waiting >= MOST_WAITING:
        raise Busy
    _waiting += 1
    meters.PASSWORD_HASHES.inc()
    try:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_pool, _derive, password, salt, parameters)
    finally:
        _waiting -= 1


def _derive(password: str, salt: bytes, parameters: Parameters) -> bytes:
    kdf = Argon2id(
        salt=salt,
        length=HASH_BYTES,
        iterations=parameters.iterations,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    )
    return kdf.derive(rules.normalized(password).encode())
