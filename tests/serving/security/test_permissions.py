"""The table of rights, role by role and right by right, written down a second time on purpose."""

import pytest

from serving.security.permissions import PERMISSIONS, ROLE_PERMISSIONS, ROLES, SERVER_SCOPES
from serving.security.principals import AgentPrincipal, CustomerPrincipal, ServerPrincipal

TABLE = {
    #                         agent  editor engineer admin  server
    "ask":                   (True,  True,  True,  True,  True),
    "classify":              (True,  True,  True,  True,  True),
    "inbox":                 (True,  True,  True,  True,  False),
    "contacts:read":         (True,  True,  True,  True,  True),
    "contacts:erase":        (False, False, False, True,  False),
    "proposals:decide":      (True,  True,  True,  True,  False),
    "articles:read":         (True,  True,  True,  True,  True),
    "articles:write":        (False, True,  True,  True,  True),
    "learned_answers:read":  (True,  True,  True,  True,  True),
    "learned_answers:write": (False, True,  True,  True,  True),
    "models:read":           (True,  True,  True,  True,  True),
    "models:write":          (False, False, True,  True,  True),
    "company:read":          (True,  True,  True,  True,  True),
    "company:write":         (False, False, False, True,  True),
    "agents:manage":         (False, False, False, True,  False),
    "keys:manage":           (False, False, False, True,  False),
    "audit:read":            (False, False, False, True,  False),
}  # fmt: skip
"""Who may: the four roles, and what an API key may be given."""


def agent(role: str) -> AgentPrincipal:
    return AgentPrincipal(id="a", name="Ada", email="ada@help.example", role=role, team=None)


def test_the_table_names_every_right_and_every_role() -> None:
    assert set(TABLE) == PERMISSIONS
    assert ROLES == ("agent", "editor", "engineer", "admin")
    assert set(ROLE_PERMISSIONS) == set(ROLES)


@pytest.mark.parametrize("permission", TABLE)
def test_a_role_may_what_the_table_says(permission: str) -> None:
    may = tuple(agent(role).may(permission) for role in ROLES)  # type: ignore[arg-type]
    assert (*may, permission in SERVER_SCOPES) == TABLE[permission]


@pytest.mark.parametrize("permission", TABLE)
def test_an_unknown_role_and_a_key_without_scopes_may_nothing(permission: str) -> None:
    assert not agent("owner").may(permission)  # type: ignore[arg-type]
    assert not ServerPrincipal(id="k", name="shop", scopes=frozenset()).may(permission)  # type: ignore[arg-type]


@pytest.mark.parametrize("permission", TABLE)
def test_a_key_may_what_its_scopes_say_and_a_customer_may_ask(permission: str) -> None:
    key = ServerPrincipal(id="k", name="shop", scopes=frozenset({"ask"}))
    assert key.may(permission) == CustomerPrincipal("c").may(permission) == (permission == "ask")  # type: ignore[arg-type]
