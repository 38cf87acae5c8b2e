"""Makes and reads tokens: customers' (signed by us), identities (signed by the business), random secrets.

A token made for one purpose is refused for any other: each has its own key and audience.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from model.errors import AuthenticationError, PermissionDeniedError
from serving.settings import Settings
from serving.text import storable

API_KEY_PREFIX = "fl_"
_CUSTOMER_AUDIENCE = "firstlast:customer"
_DEVICE_AUDIENCE = "firstlast:device"
_DEVICE_DAYS = 180
_TICKET_AUDIENCE = "firstlast:second-step"
_TICKET_MINUTES = 10
_ALGORITHM = "HS256"
_MAX_TOKEN_CHARS = 8_192
_LEEWAY_SECONDS = 60
"""By which the clocks of those who sign and read a token may differ."""


@dataclass(frozen=True, slots=True)
class CustomerToken:
    """A token of a customer, whose it is, and when it ends or ended."""

    token: str
    contact_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ReadToken:
    """What a customer's token says: whose it is, and from when to when."""

    contact_id: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """What the business says about its customer."""

    external_id: str
    name: str | None = None
    email: str | None = None
    attributes: Mapping[str, Any] | None = None  # JSON attributes set by the business
    """`None` when the token says nothing about them."""


def make_customer_token(settings: Settings, contact_id: str) -> CustomerToken:
    """A new token of the contact, valid for `customer_token_hours`."""
    issued_at = datetime.now(UTC).replace(microsecond=0)
    expires_at = issued_at + timedelta(hours=settings.customer_token_hours)
    claims = {"sub": contact_id, "aud": _CUSTOMER_AUDIENCE, "iat": issued_at, "exp": expires_at}
    token = jwt.encode(claims, _customer_key(settings), algorithm=_ALGORITHM)
    return CustomerToken(token=token, contact_id=contact_id, expires_at=expires_at)


def read_customer_token(settings: Settings, token: str, *, may_have_ended: bool = False) -> ReadToken:
    """Whose token it is. Raises `AuthenticationError` for one that is forged, foreign or, mostly, ended."""
    claims = _decode(
        token,
        _customer_key(settings),
        what="customer",
        required=["sub", "exp", "aud"],
        audience=_CUSTOMER_AUDIENCE,
        verify_exp=not may_have_ended,
    )
    issued_at, expires_at = (datetime.fromtimestamp(claims.get(name, 0), UTC) for name in ("iat", "exp"))
    return ReadToken(str(claims["sub"]), issued_at, expires_at)


def read_identity(settings: Settings, token: str) -> Identity:
    """What the business signed. Raises `AuthenticationError` when it did not, or when it has ended.

    A token without an end is refused: whoever once saw it could be that customer for ever.
    """
    if settings.identity_secret is None:
        raise PermissionDeniedError("this server accepts no signed customers; set identity_secret")
    key = settings.identity_secret.get_secret_value()
    claims = _decode(token, key, what="identity", required=["sub", "exp"])
    attributes = claims.get("attributes")
    external_id = storable(claims["sub"])
    if not 0 < len(external_id) <= 200 or not isinstance(attributes, dict | None):
        raise AuthenticationError("the identity token needs `sub` of 1 to 200 characters, `attributes` a map")
    return Identity(external_id, _text(claims, "name", 200), _text(claims, "email", 320), attributes)


@dataclass(frozen=True, slots=True)
class Device:
    """A browser in which an agent signed in before."""

    id: str
    agent_id: str


def make_device_token(settings: Settings, agent_id: str, known: Device | None = None) -> str:
    """What a browser keeps after signing in, for half a year; the same device as before when it is known."""
    claims = {
        "sub": agent_id,
        "jti": known.id if known else secrets.token_hex(16),
        "aud": _DEVICE_AUDIENCE,
        "exp": datetime.now(UTC) + timedelta(days=_DEVICE_DAYS),
    }
    return jwt.encode(claims, key_for(settings, _DEVICE_AUDIENCE), algorithm=_ALGORITHM)


def read_device_token(settings: Settings, token: str) -> Device | None:
    """Which device it is; `None` for a token that is forged, foreign or ended, as if there were none."""
    try:
        claims = _decode(
            token,
            key_for(settings, _DEVICE_AUDIENCE),
            what="device",
            required=["sub", "jti", "exp", "aud"],
            audience=_DEVICE_AUDIENCE,
        )
    except AuthenticationError:
        return None
    return Device(str(claims["jti"]), str(claims["sub"]))


@dataclass(frozen=True, slots=True)
class Ticket:
    """That somebody gave an agent's password and is asked for the code now."""

    agent_id: str
    password_digest: str
    """Of the hash that the password had: with another password the ticket is worth nothing."""


def make_ticket(settings: Settings, agent_id: str, password_hash: str) -> str:
    """What stands for the right password while the code is asked for, for some minutes."""
    claims = {
        "sub": agent_id,
        "pwd": digest(password_hash),
        "aud": _TICKET_AUDIENCE,
        "exp": datetime.now(UTC) + timedelta(minutes=_TICKET_MINUTES),
    }
    return jwt.encode(claims, key_for(settings, _TICKET_AUDIENCE), algorithm=_ALGORITHM)


def read_ticket(settings: Settings, token: str) -> Ticket:
    """What the ticket stands for. Raises `AuthenticationError` for one that is forged, foreign or ended."""
    claims = _decode(
        token,
        key_for(settings, _TICKET_AUDIENCE),
        what="sign-in",
        required=["sub", "pwd", "exp", "aud"],
        audience=_TICKET_AUDIENCE,
    )
    return Ticket(str(claims["sub"]), str(claims["pwd"]))


def new_secret() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What is kept of a random secret: its SHA-256. A slow hash is for what people choose."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _customer_key(settings: Settings) -> bytes:
    return key_for(settings, _CUSTOMER_AUDIENCE)


def key_for(settings: Settings, purpose: str) -> bytes:
    """A key of 32 bytes for one purpose, made of the server's secret key."""
    secret = settings.secret_key.get_secret_value().encode()
    return hmac.digest(secret, purpose.encode(), "sha256")


def _decode(
    token: str,
    key: str | bytes,
    *,
    what: str,
    required: list[str],
    audience: str | None = None,
    verify_exp: bool = True,
) -> dict[str, Any]:
    if len(token) > _MAX_TOKEN_CHARS:
        raise AuthenticationError(f"the {what} token has {len(token)} characters, so it is not one of ours")
    try:
        return jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            audience=audience,
            leeway=_LEEWAY_SECONDS,
            options={"require": required, "verify_exp": verify_exp},
        )
    except jwt.ExpiredSignatureError as error:
        raise AuthenticationError(f"the {what} token has expired; get a new one") from error
    except jwt.MissingRequiredClaimError as error:
        raise AuthenticationError(f"the {what} token has no {error.claim!r}; sign one that has") from error
    except jwt.InvalidTokenError as error:
        raise AuthenticationError(f"the {what} token is not valid; get a new one") from error


def _text(claims: Mapping[str, Any], key: str, max_chars: int) -> str | None:
    value = claims.get(key)
    return storable(value)[:max_chars] or None if isinstance(value, str) else None
