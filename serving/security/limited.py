"""Limits on requests as dependencies of routes: who is counted for a request, and how."""

from typing import Any

from fastapi import Depends, Request

from serving.dependencies import CurrentRuntime
from serving.security.addresses import client_address
from serving.security.principals import (
    AgentPrincipal,
    CustomerPrincipal,
    OptionalPrincipal,
    Principal,
    ServerPrincipal,
)
from serving.security.rate_limit import Limited, Spender


def limited(what: Limited) -> Any:  # Any: as FastAPI types what `Depends` gives
    """That each customer, address and API key may do this so often; signed-in agents as often as they like.

    Counting takes a moment and waits for nobody, so the thread it holds is soon free.
    """

    def spend(request: Request, principal: OptionalPrincipal, runtime: CurrentRuntime) -> None:
        runtime.limits.spend(what, spenders(principal, client_address(request)))

    return Depends(spend)


def limited_by_address(what: Limited) -> Any:  # Any: as FastAPI types what `Depends` gives
    """That each address may do this so often, for routes that ask nobody who they are."""

    def spend(request: Request, runtime: CurrentRuntime) -> None:
        runtime.limits.spend(what, spenders(None, client_address(request)))

    return Depends(spend)


def spenders(principal: Principal | None, address: str | None) -> list[Spender]:
    """Whom a request is counted for. An API key counts alone: its server asks for many customers."""
    if isinstance(principal, AgentPrincipal):
        return []
    if isinstance(principal, ServerPrincipal):
        return [Spender("key", principal.id)]
    who = [Spender("contact", principal.contact_id)] if isinstance(principal, CustomerPrincipal) else []
    return [*who, Spender("address", address)] if address is not None else who
