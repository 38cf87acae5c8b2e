"""Limits on requests as dependencies of routes: who is counted for a request, and how."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

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


async def _take_turn(
    request: Request, principal: OptionalPrincipal, runtime: CurrentRuntime
) -> AsyncIterator[None]:
    async with runtime.turns.take(_crowd(principal, client_address(request))):
        yield


FairTurn = Annotated[None, Depends(_take_turn, scope="function")]
"""A turn at work that takes a processor, until the answer is made; customers and addresses go round."""


def limited_by_address(what: Limited) -> Any:  # Any: as FastAPI types what `Depends` gives
    """That each address may do this so often, for routes that ask nobody who they are."""

    def spend(request: Request, runtime: CurrentRuntime) -> None:
        runtime.limits.spend(what, spenders(None, client_address(request)))

    return Depends(spend)


def _crowd(principal: Principal | None, address: str | None) -> str:
    """Those who stand in one line. All customers at one address do: one of them may have many tokens."""
    if isinstance(principal, AgentPrincipal | ServerPrincipal):
        return principal.id
    if address is None and isinstance(principal, CustomerPrincipal):
        return principal.contact_id
    return f"address {address}"


def spenders(principal: Principal | None, address: str | None) -> list[Spender]:
    """Whom a request is counted for. An API key counts alone: its server asks for many customers."""
    if isinstance(principal, AgentPrincipal):
        return []
    if isinstance(principal, ServerPrincipal):
        return [Spender("key", principal.id)]
    who = [Spender("contact", principal.contact_id)] if isinstance(principal, CustomerPrincipal) else []
    return [*who, Spender("address", address)] if address is not None else who
