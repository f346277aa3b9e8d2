"""Key-encryption keys in AWS KMS: one customer key per name, behind an alias of ours.

The address is `awskms://region/alias/prefix`, optionally `?endpoint=https://…`: the key named `t/<id>`
is then behind the alias `alias/prefix/t/<id>`. Credentials come from where boto3 finds them (a role of
the pod or machine, by preference), never from our settings. They need CreateKey, CreateAlias,
DescribeKey, Encrypt, Decrypt, and of those who destroy: DeleteAlias and ScheduleKeyDeletion.

Destroying takes effect at once (AWS refuses a key that waits for its deletion) and is final after
seven days, the shortest wait that AWS knows: until then its administrators could cancel it.
"""

import asyncio
import contextlib
import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from billing_saas.kit.protocols import KeyProviderDown, KeyRefused

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

T = TypeVar("T")

_SECONDS = 2
_THREADS = 8
_DAYS_UNTIL_FINAL = 7
# What AWS answers about a key or a ciphertext; anything else is about the service or our access to it.
_REFUSALS = {
    *("NotFoundException", "InvalidCiphertextException", "IncorrectKeyException"),
    *("DisabledException", "KMSInvalidStateException", "InvalidKeyUsageException"),
}


@dataclass(frozen=True, slots=True)
class Address:
    region: str
    alias: str
    endpoint: str | None


def address(text: str) -> Address:
    """Read `awskms://region/alias/prefix?endpoint=…`; `ValueError` says what is wrong with it."""
    parts = urlsplit(text)
    asked = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    alias = parts.path.strip("/")
    if parts.scheme != "awskms" or not parts.netloc or not alias.startswith("alias/"):
        raise ValueError("must be awskms://region/alias/prefix")
    if alias.startswith("alias/aws/"):
        raise ValueError("alias/aws/ belongs to AWS")
    if set(asked) - {"endpoint"}:
        raise ValueError("knows endpoint and nothing else")
    return Address(parts.netloc, alias, asked.get("endpoint", [None])[0])


class KmsKeys:
    """A `KeyProvider`. Calls run in threads of their own: boto3 knows no event loop, and one that
    hangs must not hold up whatever else the process does in threads."""

    def __init__(self, text: str) -> None:
        self._at = address(text)
        config = Config(
            connect_timeout=_SECONDS,
            read_timeout=_SECONDS,
            # Who asks waits two seconds altogether, and tries again later.
            retries={"mode": "standard", "total_max_attempts": 2},
            max_pool_connections=_THREADS,
        )
        self._client: KMSClient = boto3.client(
            "kms", region_name=self._at.region, endpoint_url=self._at.endpoint, config=config
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="kms")

    def __repr__(self) -> str:
        return f"KmsKeys({self._at.region!r}, {self._at.alias!r})"

    async def create(self, name: str) -> None:
        await self._run(self._create, name)

    async def wrap(self, name: str, key: bytes, context: bytes) -> bytes:
        answer = await self._run(
            self._client.encrypt,
            KeyId=self._alias(name),
            Plaintext=key,
            EncryptionContext=_context(name, context),
        )
        return answer["CiphertextBlob"]

    async def unwrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        # With the key named, AWS refuses what another key wrapped, whoever may use that one.
        answer = await self._run(
            self._client.decrypt,
            KeyId=self._alias(name),
            CiphertextBlob=wrapped,
            EncryptionContext=_context(name, context),
        )
        return answer["Plaintext"]

    async def rewrap(self, name: str, wrapped: bytes, context: bytes) -> bytes:
        """The key itself does not leave KMS."""
        answer = await self._run(
            self._client.re_encrypt,
            CiphertextBlob=wrapped,
            SourceKeyId=self._alias(name),
            SourceEncryptionContext=_context(name, context),
            DestinationKeyId=self._alias(name),
            DestinationEncryptionContext=_context(name, context),
        )
        return answer["CiphertextBlob"]

    async def destroy(self, name: str) -> None:
        await self._run(self._destroy, name)

    async def health(self) -> None:
        await self._run(self._client.list_aliases, Limit=1)

    def _create(self, name: str) -> None:
        if self._key_id(name) is not None:
            return
        made = self._client.create_key(Description=f"billing-saas {name}")["KeyMetadata"]["KeyId"]
        try:
            self._client.create_alias(AliasName=self._alias(name), TargetKeyId=made)
        except ClientError as error:
            # Whoever does not come first leaves no key behind that costs a dollar a month.
            self._schedule_deletion(made)
            if _code(error) != "AlreadyExistsException":
                raise

    def _destroy(self, name: str) -> None:
        key_id = self._key_id(name)
        if key_id is None:
            return
        # The key before its alias: a crash between the two leaves what can be found again.
        self._schedule_deletion(key_id)
        with contextlib.suppress(self._client.exceptions.NotFoundException):
            self._client.delete_alias(AliasName=self._alias(name))

    def _key_id(self, name: str) -> str | None:
        try:
            return self._client.describe_key(KeyId=self._alias(name))["KeyMetadata"]["KeyId"]
        except self._client.exceptions.NotFoundException:
            return None

    def _schedule_deletion(self, key_id: str) -> None:
        # In an invalid state for it: it is waiting for its deletion already.
        with contextlib.suppress(self._client.exceptions.KMSInvalidStateException):
            self._client.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=_DAYS_UNTIL_FINAL)

    def _alias(self, name: str) -> str:
        return f"{self._at.alias}/{name}"

    async def _run(self, call: Callable[..., T], *positional: object, **named: object) -> T:
        loop = asyncio.get_running_loop()
        bound = functools.partial(call, *positional, **named)
        try:
            return await loop.run_in_executor(self._threads, bound)
        except ClientError as error:
            if _code(error) in _REFUSALS:
                raise KeyRefused(f"AWS KMS refused: {_code(error)}") from None
            raise KeyProviderDown(f"AWS KMS answered {_code(error)}") from None
        except BotoCoreError as error:
            raise KeyProviderDown(f"AWS KMS was not reached: {type(error).__name__}") from None


def _context(name: str, context: bytes) -> dict[str, str]:
    """What the wrapped key is bound to (tenant, purpose, version). AWS writes it into CloudTrail: ids
    and hexadecimal digits, nothing of a person."""
    return {"key": name, "bound-to": f"0x{context.hex()}"}


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
