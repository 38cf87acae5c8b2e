"""Codes of a second factor (TOTP, RFC 6238) and recovery codes: made, sealed and compared; reads no store."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from serving.security.tokens import key_for
from serving.settings import Settings

STEP_SECONDS = 30
LEEWAY_STEPS = 1
"""By as many steps may the clock of a phone be before or behind ours."""
CODE_DIGITS = 6
RECOVERY_CODES = 10
_PURPOSE = "firstlast:second-factor"
_NONCE_BYTES = 12
_RECOVERY_BYTES = 10
_GROUP_CHARS = 4
_ACCOUNT_CHARS = 80
_ISSUER_CHARS = 40


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret as an authenticator app takes it; it is shown while it is set up and never again."""

    text: str
    """Base32, to be typed."""
    uri: str
    """`otpauth://…`, to be scanned."""


def new_secret() -> str:
    """160 random bits in Base32, as RFC 4226 asks for."""
    return pyotp.random_base32(32)


def for_app(secret: str, *, email: str, issuer: str) -> NewSecret:
    """The secret for an authenticator app, which shows whose account of which company it is.

    Long names are cut: what is scanned has room for so much, and apps show less.
    """
    names = {"name": email[:_ACCOUNT_CHARS], "issuer_name": issuer[:_ISSUER_CHARS]}
    uri = pyotp.TOTP(secret).provisioning_uri(**names)
    return NewSecret(" ".join(_groups(secret)), uri)


def seal(settings: Settings, agent_id: str, secret: str) -> str:
    """The secret encrypted (AES-256-GCM) with a key of the server, for this agent and no other."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(settings).encrypt(nonce, secret.encode(), agent_id.encode())
    return base64.urlsafe_b64encode(nonce + sealed).decode()


def unseal(settings: Settings, agent_id: str, sealed: str) -> str | None:
    """The secret; `None` when it was sealed with another key, for another agent, or was changed."""
    try:
        raw = base64.urlsafe_b64decode(sealed)
        return _cipher(settings).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], agent_id.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def matching_step(secret: str, code: str, *, moment: float) -> int | None:
    """The time step, counted from 1970, that has this code: now's or a neighbour's; `None` without one.

    All of them are compared, each in constant time; of two with the same code it is the later.
    """
    totp, now = pyotp.TOTP(secret), int(moment // STEP_SECONDS)
    steps = range(max(0, now - LEEWAY_STEPS), now + LEEWAY_STEPS + 1)
    matching = [
        step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    return matching[-1] if matching else None


def is_app_code(code: str) -> bool:
    """Whether it has the form of an app's code; anything else may be a recovery code."""
    return len(code) == CODE_DIGITS and code.isascii() and code.isdigit()


def new_recovery_codes() -> list[str]:
    """Ten codes of 80 random bits, such as `k3mq-7tza-…`; each works once."""
    made = (
        base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)
    )
    return ["-".join(_groups(code)) for code in made]


def recovery_hash(agent_id: str, code: str) -> str:
    """What is kept of a recovery code; case, spaces and hyphens do not matter."""
    plain = "".join(code.split()).replace("-", "").lower()
    return hashlib.sha256(f"{agent_id}:{plain}".encode()).hexdigest()


def _groups(text: str) -> Iterable[str]:
    return (text[start : start + _GROUP_CHARS] for start in range(0, len(text), _GROUP_CHARS))


def _cipher(settings: Settings) -> AESGCM:
    return AESGCM(key_for(settings, _PURPOSE))
