"""An agent's second factor: set up, confirmed, used, taken away; each act is written down, no commit.

A server whose secret key was changed can read no secret any more: recovery codes still work, and an admin or
the command line resets a second factor.
"""

import time
from datetime import timedelta

from sqlalchemy.orm import Session

from model.errors import ConflictError, DataError
from serving.agents import repository
from serving.company.service import company_name
from serving.db.audit import Act, record_act
from serving.db.tables import Agent, now
from serving.security import second_factor as codes
from serving.security.second_factor import NewSecret
from serving.settings import Settings

SETUP_MINUTES = 15
"""How long a secret may wait for its first code."""


def begin(session: Session, settings: Settings, agent: Agent) -> NewSecret:
    """A new secret for the agent, which counts from its first code on; an earlier one that waits is replaced.

    Raises `ConflictError` for an agent who has a second factor.
    """
    if agent.second_factor:
        raise ConflictError("your second factor is on already; turn it off first to set up another")
    secret = codes.new_secret()
    agent.totp_sealed = codes.seal(settings, agent.id, secret)
    agent.totp_begun_at, agent.totp_step = now(), 0
    return _shown(session, settings, agent, secret)


def waiting(session: Session, settings: Settings, agent: Agent) -> NewSecret:
    """The secret that waits for its first code. Raises `ConflictError` when none does."""
    return _shown(session, settings, agent, _waiting_secret(settings, agent))


def confirm(session: Session, settings: Settings, agent: Agent, code: str, *, session_hash: str) -> list[str]:
    """Turn the second factor on by its first code, and end the agent's other sessions; the recovery codes.

    They are given this once. Raises `DataError` for a wrong code, after which another may be tried, and
    `ConflictError` when no secret waits for one.
    """
    step = codes.matching_step(_waiting_secret(settings, agent), _typed(code), moment=time.time())
    if step is None or not repository.take_step(session, agent, step):
        raise DataError("that code does not fit; look at your phone's clock and type the newest one")
    agent.totp_since = now()
    repository.end_other_sessions(session, agent.id, session_hash)
    record_act(session, Act(agent.email, "turned on the second factor", f"agent {agent.email}"))
    return _new_recovery_codes(session, agent)


def use_code(session: Session, settings: Settings, agent: Agent, code: str) -> bool:
    """Whether this is a code of the agent's app or a recovery code, neither used before; it now is."""
    if codes.is_app_code(_typed(code)):
        secret = codes.unseal(settings, agent.id, agent.totp_sealed or "")
        step = secret and codes.matching_step(secret, _typed(code), moment=time.time())
        return bool(step) and repository.take_step(session, agent, int(step or 0))
    if not repository.take_recovery_code(session, agent.id, codes.recovery_hash(agent.id, code)):
        return False
    record_act(session, Act(agent.email, "used a recovery code", f"agent {agent.email}"))
    return True


def renew_recovery_codes(session: Session, agent: Agent) -> list[str]:
    """Ten new codes, given this once, in place of those left; `ConflictError` without a second factor."""
    if not agent.second_factor:
        raise ConflictError("your second factor is off; turn it on first")
    record_act(session, Act(agent.email, "made recovery codes", f"agent {agent.email}"))
    return _new_recovery_codes(session, agent)


def take_away(session: Session, agent: Agent, *, author: str) -> bool:
    """Let the agent sign in by password alone; whether there was a second factor. A waiting one goes too.

    Where another does it, a phone was lost: all sessions of the agent end.
    """
    had = agent.second_factor
    agent.totp_sealed = agent.totp_begun_at = agent.totp_since = None
    repository.replace_recovery_codes(session, agent.id, ())
    if had:
        is_own = author == agent.email
        what = "turned off the second factor" if is_own else "reset the second factor"
        record_act(session, Act(author, what, f"agent {agent.email}"))
        if not is_own:
            repository.end_sessions(session, agent.id)
    return had


def _waiting_secret(settings: Settings, agent: Agent) -> str:
    begun_at = agent.totp_begun_at
    is_waiting = not agent.second_factor and begun_at and begun_at > now() - timedelta(minutes=SETUP_MINUTES)
    secret = codes.unseal(settings, agent.id, agent.totp_sealed or "") if is_waiting else None
    if secret is None:
        raise ConflictError("no second factor is being set up, or it took too long; begin again")
    return secret


def _shown(session: Session, settings: Settings, agent: Agent, secret: str) -> NewSecret:
    return codes.for_app(secret, email=agent.email, issuer=company_name(session, settings))


def _new_recovery_codes(session: Session, agent: Agent) -> list[str]:
    made = codes.new_recovery_codes()
    hashes = [codes.recovery_hash(agent.id, code) for code in made]
    repository.replace_recovery_codes(session, agent.id, hashes)
    return made


def _typed(code: str) -> str:
    """The code without the spaces that apps show and people type."""
    return "".join(code.split())
