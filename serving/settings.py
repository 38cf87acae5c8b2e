"""The settings: environment over `<home>/firstlast.toml` over defaults; an unknown key is refused by name."""

import difflib
import ipaddress
import os
import re
import secrets
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from model.errors import ConfigurationError
from model.understanding.mood import FALL, LOW

ENV_PREFIX = "FIRSTLAST_"
DEFAULT_HOME = Path(".firstlast")
DEFAULT_ENCODER = "all-MiniLM-L6-v2"
"""The one that comes with the package."""
_MIN_SECRET_CHARS = 32
_LIMIT = re.compile(r"\A[1-9][0-9]{0,8}+/(?:second|minute|hour|day)\Z")


class Settings(BaseSettings):
    """Everything that can be set; `Settings.load` reads it, nothing is read at import."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, frozen=True, extra="forbid", env_file=None)

    home: Path = DEFAULT_HOME
    """Folder of the state: settings, store, models, index."""
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{data['home'] / 'firstlast.db'}", repr=False
    )
    """`sqlite:///path` or `postgresql://user:password@host/name`."""
    secret_key: SecretStr
    """Signs customers' tokens; kept in `<home>/secret` unless given, made on first load."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Address the server listens on."""
    port: int = Field(default=8080, ge=0, le=65535)
    """Port the server listens on; 0 takes a free one."""
    public_url: str = ""
    """Where browsers reach the server when a proxy changes the `Host` header, such as `https://help.example`."""
    company_name: str = "Our team"
    """Shown to customers."""

    encoder: str = Field(default=DEFAULT_ENCODER, min_length=1)
    """What the home's own encoder is made of, once: the bundled one, a folder, or a name on the hub."""
    risk_budget: float = Field(default=0.02, gt=0, lt=1)
    """Greatest accepted share of wrong answers among given answers."""
    risk_confidence_level: float = Field(default=0.9, gt=0, lt=1)
    """Probability with which the risk budget is kept."""
    mood_low: float = Field(default=LOW, ge=-1, le=1)
    """A mood at or below this goes to a person."""
    mood_fall: float = Field(default=FALL, ge=0, le=2)
    """A fall of the mood by this much goes to a person."""
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$")
    """The company's country (ISO 3166): where telephone numbers without a country code are dialled."""
    high_touch_attribute: str = "high_touch"
    """Contact attribute that, when true, sends every question to a person."""
    encoder_threads: int | None = Field(default=None, ge=1)
    """Threads one text is encoded with; by default as many as `OMP_NUM_THREADS` says, else all cores."""

    burst_milliseconds: int = Field(default=800, ge=0, le=60_000)
    """Messages a customer sends within this time of each other are answered together."""
    answer_threads: int = Field(default=2, ge=1, le=64)
    """Conversations the bot answers at the same time."""
    assumed_resolution_hours: float = Field(default=24.0, gt=0)
    """An answer with no further message for this long counts as an assumed resolution."""
    ask_at_once: int = Field(default=4, ge=1, le=64)
    """Requests to `/v1/ask` that are worked on at the same time; others wait, each customer in turn."""
    max_history_chars: int = Field(default=40_000, ge=1, le=10_000_000)
    """Characters of all earlier messages that a question to `/v1/ask` brings along."""
    max_message_chars: int = Field(default=8_000, ge=1, le=1_000_000)
    """Longest message accepted."""
    history_turns: int = Field(default=20, ge=0, le=1_000)
    """Earlier messages the bot is told of."""

    crawl_private_hosts: bool = False
    """Whether `import https://…` may fetch from private addresses, an intranet for example."""

    event_days: float = Field(default=7.0, gt=0)
    """How long live events are kept, for readers who come back; the messages themselves stay."""
    trace_days: float = Field(default=90.0, gt=0)
    """How long it is kept how a decision came about; the decision itself stays."""
    knowledge_change_days: float = Field(default=30.0, gt=0)
    """How long it is kept which knowledge changed, for processes that follow it."""
    conversation_days: float | None = Field(default=None, gt=0)
    """How long a conversation is kept after it last changed, with all that belongs to it; none: for ever."""
    contact_days: float | None = Field(default=None, gt=0)
    """How long a contact without conversations is kept after they were last seen; none: for ever."""

    identity_secret: SecretStr | None = None
    """Shared with the business, which signs JWTs for known customers with it; none: anonymous only."""
    webhook_secret: SecretStr | None = None
    """Signs the notes of `firstlast retrain --notify`: `whsec_` and base64, as Standard Webhooks has it."""
    customer_token_hours: float = Field(default=24.0, gt=0)
    """Life of a customer's token."""
    customer_refresh_days: float = Field(default=30.0, gt=0)
    """How long after its end an anonymous customer's token can still be exchanged for a new one."""
    agent_session_hours: float = Field(default=12.0, gt=0)
    """Life of an agent's session."""
    reset_link_hours: float = Field(default=24.0, gt=0)
    """Life of a link by which an agent chooses a password."""
    require_second_factor: bool = False
    """Whether agents without a second factor may do nothing but set one up."""
    secure_cookies: bool = False
    """Send the session cookie over HTTPS only; set it wherever the server is behind HTTPS."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Sites that may load the messenger from here, such as `https://shop.example`; comma-separated."""
    login_attempts: int = Field(default=5, ge=1, le=1_000)
    """Wrong passwords for one e-mail from one address, or one browser, before it must wait."""
    login_window_seconds: float = Field(default=300.0, gt=0, le=86_400)
    """How long it must wait then; twice as long after every further one."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.0/8", "::1/128")
    """Networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; comma-separated."""

    limit_tokens: str = "10/minute; 60/hour"
    """New customers' tokens; `limit_per_address` times as many for an address, as for all of these."""
    limit_conversations: str = "10/minute; 60/hour"
    """Conversations one customer may start."""
    limit_messages: str = "20/minute; 300/hour"
    """Messages, ratings and wishes for a person that one customer may send."""
    limit_ask: str = "30/minute; 300/hour"
    """Questions by `/v1/ask` of one customer; a batch counts as one."""
    limit_classify: str = "30/minute"
    """Requests to classify texts."""
    limit_suggest: str = "120/minute"
    """Suggestions while typing."""
    limit_sign_in: str = "10/minute"
    """Attempts to sign in from browsers that never signed in before."""
    limit_per_address: int = Field(default=20, ge=1, le=100_000)
    """How many customers' worth an address may send: many people share that of an office."""
    limit_per_key: int = Field(default=100, ge=1, le=100_000)
    """How many customers' worth an API key may send."""

    def limit_of(self, what: str) -> str:
        """How often something may be done, as in `20/minute; 300/hour`; empty for as often as one likes."""
        return str(getattr(self, f"limit_{what}"))

    @property
    def models_folder(self) -> Path:
        """Encoder, model sets and the `champion` pointer."""
        return self.home / "models"

    @property
    def encoder_folder(self) -> Path:
        """The encoder."""
        return self.models_folder / "encoder"

    @property
    def index_folder(self) -> Path:
        """Snapshots of the knowledge index, one for each encoder."""
        return self.home / "index"

    @property
    def company_folder(self) -> Path:
        """The company folder that the home was trained with, its labelled data as they were then."""
        return self.home / "company"

    @property
    def files_folder(self) -> Path:
        """Pictures and other files of imported articles, named by their content."""
        return self.home / "files"

    @property
    def storefront_folder(self) -> Path:
        """A page of the company's own for `/`, `index.html` with its files; without it the help centre."""
        return self.home / "storefront"

    def snapshot_folder(self, encoder_fingerprint: str) -> Path:
        """Snapshot of the index that this encoder made; vectors of two encoders never mix."""
        return self.index_folder / encoder_fingerprint

    @classmethod
    def load(cls, home: Path | None = None, **options: object) -> Self:
        """The settings of `home`, else of `FIRSTLAST_HOME`, else of `./.firstlast`.

        `options` go before all else; those that are `None` were not given. Makes `<home>/secret` (mode 0600)
        when there is no secret key yet. Raises `ConfigurationError` that names an unknown or wrong key, or a
        home that cannot be used.
        """
        folder = (home or Path(os.environ.get(f"{ENV_PREFIX}HOME") or DEFAULT_HOME)).expanduser().absolute()
        in_file = _read_toml(folder)
        _refuse_unknown(in_file, cls.model_fields, where=str(folder / "firstlast.toml"))
        # Matched without regard to case, as the settings library does.
        names = [key for key in os.environ if key.upper().startswith(ENV_PREFIX)]
        in_environment = [key[len(ENV_PREFIX) :].lower() for key in names]
        _refuse_unknown(in_environment, cls.model_fields, where="environment", prefix=ENV_PREFIX)
        if "home" in in_file:
            raise ConfigurationError(f"'home' in {folder / 'firstlast.toml'}: use --home or {ENV_PREFIX}HOME")
        given: dict[str, Any] = {"home": folder}  # values of the keyword arguments of a settings class
        if "secret_key" not in in_file and "secret_key" not in in_environment:
            given["secret_key"] = SecretStr(_secret_of(folder))
        given |= {key: option for key, option in options.items() if option is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            raise ConfigurationError(_first_problem(error)) from error

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keyword arguments, then the environment, then the file of the home given."""
        home = init_settings().get("home")
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        if home is None:
            return sources
        return (*sources, TomlConfigSettingsSource(settings_cls, toml_file=Path(home) / "firstlast.toml"))

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ipaddress.ip_network(network)
            except ValueError as error:
                raise ValueError(f"{network!r} is no network; write it as 10.0.0.0/8 or 10.0.0.7") from error
        return value

    @field_validator(
        "limit_tokens",
        "limit_conversations",
        "limit_messages",
        "limit_ask",
        "limit_classify",
        "limit_suggest",
        "limit_sign_in",
    )
    @classmethod
    def _check_limit(cls, value: str) -> str:
        for part in value.split(";") if value.strip() else ():
            if not _LIMIT.fullmatch(part.strip()):
                raise ValueError(f"{part.strip()!r} is no limit; write it as 20/minute; 300/hour")
        return value.strip()

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        if isinstance(value, list | tuple):
            return tuple(part.rstrip("/") if isinstance(part, str) else part for part in value if part)
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not origin.startswith(("https://", "http://")):
                raise ValueError(f"{origin!r} is not an origin; write it as https://shop.example")
        return value

    @model_validator(mode="after")
    def _check_secrets(self) -> Self:
        secret = self.secret_key.get_secret_value()
        if len(secret) < _MIN_SECRET_CHARS:
            raise ValueError(f"secret_key has {len(secret)} characters; use at least {_MIN_SECRET_CHARS}")
        identity = self.identity_secret.get_secret_value() if self.identity_secret else None
        if identity is not None and len(identity) < _MIN_SECRET_CHARS:
            raise ValueError(f"identity_secret has {len(identity)} characters; use at least 32")
        if identity == secret:
            raise ValueError("identity_secret equals secret_key; the business must not sign with our own key")
        return self


def make_home(folder: Path) -> None:
    """Make the folder of a home, for its owner alone: customers' words will stand in it.

    One that is there already keeps its rights.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def read_or_make_secret(path: Path) -> str:
    """The secret kept at `path`; made with mode 0600 when missing, the same one for racing processes."""
    if not path.exists():
        make_home(path.parent)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # fails when another process was first: its secret then counts
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    secret = path.read_text().strip()
    if len(secret) < _MIN_SECRET_CHARS:
        raise ConfigurationError(f"{path} holds {len(secret)} characters; delete it to get a new one")
    return secret


def _secret_of(home: Path) -> str:
    try:
        return read_or_make_secret(home / "secret")
    except OSError as error:
        raise _unusable(home, error) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{home / 'secret'} is damaged; delete it to get a new one") from error


def _unusable(home: Path, error: OSError) -> ConfigurationError:
    reason = (error.strerror or type(error).__name__).lower()
    return ConfigurationError(
        f"the home {home} cannot be used ({reason}); make it a folder you may write to, or name another with "
        "--home FOLDER"
    )


def _read_toml(home: Path) -> Mapping[str, object]:
    path = home / "firstlast.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(home, error) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} is not valid TOML: {error}") from error


def _refuse_unknown(keys: Iterable[str], known: Iterable[str], *, where: str, prefix: str = "") -> None:
    names = list(known)
    for key in keys:
        if key in names:
            continue
        near = difflib.get_close_matches(key, names, n=1, cutoff=0.0)[0]
        shown, meant = (f"{prefix}{name.upper()}" if prefix else name for name in (key, near))
        raise ConfigurationError(f"unknown setting {shown!r} in {where}; did you mean {meant!r}?")


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"setting {key!r}: {message}" if key else message
