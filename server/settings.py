"""The configuration: read once from the environment (and ``.env``), validated whole, then passed as an argument.

This is the only reader of the environment.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from events.server_url import parse_server_url
from models.formats import Density, Modality, NoteOptions, Quoting
from models.formats.format import DEFAULT_FORMAT
from server.errors import SettingsError


class Role(StrEnum):
    """A part of the product that a process can run."""

    API = "api"
    WORKER = "worker"
    RELAY = "relay"


def _roles(value: str) -> str:
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names or set(names) - set(Role):
        raise ValueError(f"it must be one or more of {', '.join(Role)}, comma separated")
    return ",".join(dict.fromkeys(names))


def _database_url(value: str) -> str:
    if value and not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        raise ValueError("it must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    if not value:
        return value
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("it must be an address as in postgresql+asyncpg://user:password@host:5432/name") from None
    file = (url.database or "").strip()
    if url.get_backend_name() == "sqlite" and (not file or ":memory:" in file or url.query.get("mode") == "memory"):
        # Each part of the product opens the database by itself: in memory each would have one of its own.
        raise ValueError("it must name a file, as in sqlite+aiosqlite:////var/lib/casenote/casenote.db")
    return value


def _nats_url(value: str) -> str:
    servers = [part.strip() for part in value.split(",") if part.strip()]
    if value.strip() and not servers:
        raise ValueError("it names no server; it must be one or more addresses, comma separated")
    for url in servers:
        if not url.startswith(("nats://", "tls://")):
            raise ValueError("each server must begin with nats:// or tls://")
        try:
            parse_server_url(url)
        except ValueError:
            raise ValueError("each server must be an address as in nats://user:password@host:4222") from None
    return ",".join(servers)


def _http_url(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    if value and not urlsplit(value).hostname:
        raise ValueError("it must name a host, as in https://login.example.org/keys")
    return value


class Settings(BaseSettings):
    """All settings. Field names are the lower-case names of the variables."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True)

    phi3_model_path: str = ""
    phi3_n_ctx: int | None = Field(default=None, ge=256, le=131_072)
    phi3_n_threads: int | None = Field(default=None, ge=1, le=512)
    phi3_n_gpu_layers: int = Field(default=0, ge=-1, le=1000)
    phi3_kv_mib: int | None = Field(default=None, ge=16, le=1_048_576)
    phi3_tune: bool = True
    phi3_beams: int | None = Field(default=None, ge=1, le=8)
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8002, ge=0, le=65_535)
    python_env: Literal["development", "test", "production"] = "development"
    database_url: Annotated[str, AfterValidator(_database_url)] = ""
    nats_url: Annotated[str, NoDecode, AfterValidator(_nats_url)] = ""
    casenote_home: Path = Path("var")
    casenote_roles: Annotated[str, NoDecode, AfterValidator(_roles)] = "api,worker,relay"
    casenote_auth: Literal["off", "jwt"] = "off"
    auth_jwt_secret: str = ""
    auth_jwks_url: Annotated[str, AfterValidator(_http_url)] = ""
    auth_audience: str = ""
    auth_issuer: str = ""
    events_include_text: bool = False
    allow_fallback: bool = True
    generation_deadline: float = Field(default=600.0, gt=0, le=86_400)
    generation_parallel: bool = True
    early_note_seconds: float = Field(default=20.0, ge=0, le=3600)
    generation_slots: int = Field(default=4, ge=1, le=64)
    queue_limit: int = Field(default=64, ge=1, le=100_000)
    lease_seconds: float = Field(default=15.0, ge=1, le=600)
    transcript_limit: int = Field(default=2_000_000, ge=1000, le=20_000_000)
    body_limit: int = Field(default=8_388_608, ge=1024, le=67_108_864)
    casenote_formats: str = ""
    casenote_models: str = ""
    note_format: str = DEFAULT_FORMAT
    note_density: Density = Density.STANDARD
    note_quoting: Quoting = Quoting.KEY
    note_modality: Modality = Modality.GENERAL
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _together(self) -> Settings:
        """Rules over several settings; each message begins with the variable that would have to change."""
        if self.casenote_auth == "off" and not is_loopback(self.api_host):
            raise ValueError(
                f"CASENOTE_AUTH is 'off' while API_HOST is '{self.api_host}': "
                "without authentication API_HOST must be a loopback address; set CASENOTE_AUTH=jwt to listen elsewhere"
            )
        if self.casenote_auth == "jwt" and not (self.auth_jwt_secret or self.auth_jwks_url):
            raise ValueError(
                "AUTH_JWT_SECRET is empty and so is AUTH_JWKS_URL: CASENOTE_AUTH=jwt needs one of them to check tokens"
            )
        if self.python_env == "production":
            self._check_production()
        return self

    def _check_production(self) -> None:
        if not self.nats_url:
            raise ValueError("NATS_URL is empty: PYTHON_ENV=production needs the address of a NATS server")
        if self.casenote_auth == "off":
            raise ValueError("CASENOTE_AUTH is 'off': PYTHON_ENV=production needs 'jwt'")
        # A short secret can be guessed from one token (RFC 7518, 3.2, asks for 32 bytes).
        if self.auth_jwt_secret and len(self.auth_jwt_secret.encode()) < 16:
            raise ValueError("AUTH_JWT_SECRET is too short: PYTHON_ENV=production needs at least 16 bytes")
        if self.log_level == "debug":
            raise ValueError("LOG_LEVEL is 'debug': PYTHON_ENV=production allows info, warning or error")

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(Role(name) for name in self.casenote_roles.split(","))

    @property
    def nats_urls(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.nats_url.split(",") if part.strip())

    @property
    def database(self) -> str:
        """The database URL, the default one being SQLite in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.casenote_home.absolute() / 'casenote.db'}"

    @property
    def formats_folder(self) -> Path | None:
        return Path(self.casenote_formats) if self.casenote_formats else None

    @property
    def note_style(self) -> NoteOptions:
        return NoteOptions(self.note_density, self.note_quoting, self.note_modality)

    @property
    def models_folder(self) -> Path | None:
        """The folder of models that was named, None for the product's own."""
        return Path(self.casenote_models) if self.casenote_models else None


def is_loopback(host: str) -> bool:
    """Whether a server that listens on ``host`` can be reached from this machine only."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_SECRET = {"auth_jwt_secret"}
# What an address can hold of a secret: all before its last @, and the parameters behind a question mark.
_LOGIN = re.compile(r"^([a-z0-9+.-]*://)?.*@", re.DOTALL | re.IGNORECASE)
_PARAMETERS = re.compile(r"\?.*", re.DOTALL)
_ADDRESSES = {"nats_url", "database_url", "auth_jwks_url"}


def load_settings() -> Settings:
    """The settings of this process. Raises ``SettingsError`` with one line that names the variable, what it was and
    what it may be."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from None
    except UnicodeDecodeError:
        raise SettingsError("The file .env is not text in UTF-8: write one NAME=value a line.") from None
    except OSError as error:
        raise SettingsError(f"The file .env cannot be read ({error.strerror}): let this user read it.") from None


def _one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return message
    name = str(first["loc"][0])
    return f"{name.upper()} is {_shown(name, first.get('input'))}: {message[0].lower()}{message[1:]}"


def _shown(name: str, value: object) -> str:
    if name in _SECRET:
        return "not shown"
    if name in _ADDRESSES:
        return shown_address(str(value))
    return repr(value)


def shown_address(address: str) -> str:
    """An address in quotation marks, without what it can hold of a secret."""
    return repr(_PARAMETERS.sub("?***", _LOGIN.sub(r"\1***@", address)))
