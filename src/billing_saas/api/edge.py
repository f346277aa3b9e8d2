"""How this deployment meets the outside: whom it trusts, by which names it is called, how much it bears."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from litestar.types import Scope

from billing_saas.gateways.outward import Outward
from billing_saas.kit.db import Database
from billing_saas.kit.rates import Limit, RateStore
from billing_saas.kit.settings import Settings
from billing_saas.requests.buckets import PostgresRates

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# An audit trail says where from, not who: half of an address' last part is enough.
_AUDIT_PREFIX = {4: 24, 6: 64}
# A limit counts one subscriber: an IPv4 address, or the /64 that a single line is given.
_LIMIT_PREFIX = {4: 32, 6: 64}


PATIENTS_PATHS = ("/portal", "/s/")


@dataclass(frozen=True, slots=True)
class Edge:
    trusted_proxies: tuple[Network, ...] = ()
    """Who may say, by X-Forwarded-For, whom they speak for."""
    allowed_hosts: frozenset[str] = frozenset()
    """Names this deployment answers to; `.example.com` means all below. Empty: any."""
    per_address: Limit | None = field(default_factory=lambda: Limit("address", 3_000))
    per_person: Limit | None = field(default_factory=lambda: Limit("person", 1_200))
    per_practice: Limit | None = field(default_factory=lambda: Limit("practice", 6_000))
    rates: Callable[[Database], RateStore] = PostgresRates
    site: str = "http://localhost"
    """By which name people reach us; when it is https, cookies are for nothing less."""
    portal_site: str = ""
    """By which name patients reach us, when it is another: then each answers only to its own paths."""
    breached: Path | None = None
    """Where passwords are that nobody may use."""
    outward: Outward = field(default_factory=Outward)
    """How addresses are asked that customers wrote down."""
    body_seconds: float = 15.0
    """A JSON body must have come whole in this time."""
    silent_seconds: float = 60.0
    """A file may pause this long between two parts."""

    @property
    def secure(self) -> bool:
        return self.site.startswith("https://")

    def knows_host(self, host: str) -> bool:
        name = _without_port(host).lower().rstrip(".")
        if not self.allowed_hosts or name in self.allowed_hosts:
            return True
        return any(one.startswith(".") and name.endswith(one) for one in self.allowed_hosts)

    def serves(self, host: str, path: str) -> bool:
        """Patients' paths on the patients' host and nowhere else, when they have one of their own: no cookie
        of theirs ever meets one of the staff's."""
        if not self.portal_site:
            return True
        return self.is_portal(host) == path.startswith(PATIENTS_PATHS)

    def is_portal(self, host: str) -> bool:
        name = _without_port(host).lower().rstrip(".")
        return bool(self.portal_site) and name == _host_of(self.portal_site)

    def client(self, scope: Scope) -> Address | None:
        """Who asks: the peer, or whom the nearest proxy that is not trusted speaks for."""
        peer = _address(_peer(scope.get("client")))
        forwarded = [
            hop.strip()
            for name, value in scope["headers"]
            if name == b"x-forwarded-for"
            for hop in value.decode("latin-1").split(",")
        ]
        # From the right: each entry was written by the hop before, so it is believed as far as that
        # one is trusted. Whatever stands to the left of a stranger's entry is the stranger's word.
        while forwarded and peer is not None and self._trusts(peer):
            before = _address(forwarded.pop())
            if before is None:
                break
            peer = before
        return peer

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted_proxies)


def of(configured: Settings) -> Edge:
    return Edge(
        trusted_proxies=tuple(
            ipaddress.ip_network(one) for one in _listed(configured.trusted_proxies)
        ),
        allowed_hosts=frozenset(one.lower() for one in _listed(configured.allowed_hosts)),
        per_address=_per_minute("address", configured.requests_per_address),
        per_person=_per_minute("person", configured.requests_per_person),
        per_practice=_per_minute("practice", configured.requests_per_practice),
        rates=_rates(configured.rate_limit_url),
        site=configured.site,
        portal_site=(
            configured.portal_url
            if _host_of(configured.portal_url) != _host_of(configured.site)
            else ""
        ),
        breached=configured.breached_passwords,
        outward=Outward(
            frozenset(_listed(configured.inner_hosts)),
            plain=configured.environment == "development",
        ),
    )


def _rates(url: str) -> Callable[[Database], RateStore]:
    if not url:
        return PostgresRates
    from billing_saas.gateways.valkey_rates import ValkeyRates  # who has none need not load it

    return lambda _: ValkeyRates(url)


def _per_minute(name: str, most: int) -> Limit | None:
    return Limit(name, most) if most else None


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def audit_prefix(address: Address | None) -> str:
    """Enough to see where a request came from, not who."""
    return _network(address, _AUDIT_PREFIX) if address is not None else ""


def limit_prefix(address: Address | None) -> str:
    """What a limit counts as one; all whose address is not known are one."""
    return _network(address, _LIMIT_PREFIX) if address is not None else "unknown"


def _network(address: Address, prefix: dict[int, int]) -> str:
    return str(ipaddress.ip_network((address, prefix[address.version]), strict=False))


def _address(text: str) -> Address | None:
    """`1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`, `[2001:db8::1]:80`; IPv4 in IPv6 is IPv4."""
    text = text[1:].partition("]")[0] if text.startswith("[") else text
    text = text.partition(":")[0] if text.count(":") == 1 else text
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _peer(client: Any) -> str:
    return str(client[0]) if client else ""


def _host_of(site: str) -> str:
    return _without_port(site.partition("://")[2]).lower()


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
