"""Where a request comes from: the address that limits go by, behind proxies that are trusted and without."""

import ipaddress

from fastapi import Request


def client_address(request: Request) -> str | None:
    """The address that a request came from, in the form that limits count by; `None` for this machine itself.

    An IPv6 address stands for its /64, all of which one customer has. Whether `X-Forwarded-For` is believed
    is settled before (`trusted_proxies`). A proxy on this machine that names nobody stands for many people,
    so that what it passes on is counted by contact and key alone.
    """
    return countable(request.client.host if request.client else "")


def countable(host: str) -> str | None:
    """The address as limits count it; `None` for this machine and for what is no address."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
