"""What each role may do; the one table of rights. API keys carry permissions as their scopes."""

from collections.abc import Mapping
from typing import Literal, get_args

Role = Literal["agent", "editor", "engineer", "admin"]
ROLES: tuple[Role, ...] = ("agent", "editor", "engineer", "admin")

Permission = Literal[
    "ask",
    "classify",
    "inbox",
    "contacts:read",
    "contacts:erase",
    "proposals:decide",
    "articles:read",
    "articles:write",
    "learned_answers:read",
    "learned_answers:write",
    "models:read",
    "models:write",
    "company:read",
    "company:write",
    "agents:manage",
    "keys:manage",
    "audit:read",
]
PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))

_AGENT: frozenset[Permission] = frozenset(
    (
        "ask",
        "classify",
        "inbox",
        "contacts:read",
        "proposals:decide",
        "articles:read",
        "learned_answers:read",
        "models:read",
        "company:read",
    )
)
_EDITOR: frozenset[Permission] = _AGENT | {"articles:write", "learned_answers:write"}
_ENGINEER: frozenset[Permission] = _EDITOR | {"models:write"}

ROLE_PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    "agent": _AGENT,
    "editor": _EDITOR,
    "engineer": _ENGINEER,
    "admin": PERMISSIONS,
}

SERVER_SCOPES: frozenset[Permission] = PERMISSIONS - {
    "inbox",
    "contacts:erase",
    "proposals:decide",
    "agents:manage",
    "keys:manage",
    "audit:read",
}
"""What an API key may carry: everything that needs no person to answer for it."""
