"""What an installation has and lacks, for ``casenote doctor``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from events.errors import EmbeddedNatsError
from events.server_process import find_program
from models.engine.settings import physical_cores
from models.errors import ModelError
from server import reachable, supervisor
from server.db import driver
from server.errors import SettingsError
from server.settings import Role, Settings
from server.wiring.api import web_folder
from server.wiring.model import model_of
from server.wiring.shared import formats_of


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """Looks at everything that a start needs, without starting anything."""
    return [
        _data_folder(settings),
        _sqlite(),
        _found("database", lambda: asyncio.run(reachable.database_state(settings))),
        _nats(settings),
        _port(settings),
        _model(settings),
        _found("formats", lambda: _formats(settings)),
        _web(),
        _tuning(settings),
        Finding("cores", True, f"{settings.phi3_n_threads or physical_cores()} threads for the model"),
        Finding("authentication", True, f"CASENOTE_AUTH={settings.casenote_auth}, listening on {settings.api_host}"),
    ]


def _found(what: str, look: Callable[[], str]) -> Finding:
    """What ``look`` says; where it raises ``SettingsError``, what that says."""
    try:
        return Finding(what, True, look())
    except SettingsError as error:
        return Finding(what, False, error.detail)


def _data_folder(settings: Settings) -> Finding:
    def look() -> str:
        supervisor.check_data_folder(settings.casenote_home)
        return str(settings.casenote_home.absolute())

    return _found("data folder", look)


def _sqlite() -> Finding:
    version = ".".join(map(str, driver.sqlite_version()))
    if driver.wal_is_safe():
        return Finding("SQLite", True, f"{version}, write-ahead log")
    return Finding("SQLite", True, f"{version} has the WAL-reset bug: the rollback journal is used instead")


def _nats(settings: Settings) -> Finding:
    if settings.nats_url:
        return _found("NATS", lambda: asyncio.run(reachable.nats_state(settings)))
    try:
        return Finding("NATS", True, f"embedded, {find_program().name}")
    except EmbeddedNatsError as error:
        return Finding("NATS", False, str(error))


def _port(settings: Settings) -> Finding:
    if Role.API not in settings.roles or not settings.api_port:
        return Finding("port", True, "none that would have to be free")
    return _found("port", lambda: reachable.port_state(settings))


def _formats(settings: Settings) -> str:
    return f"{', '.join(sorted(formats_of(settings)))}; {settings.note_format} where nobody says otherwise"


def _model(settings: Settings) -> Finding:
    try:
        model = model_of(settings)
    except SettingsError as error:
        return Finding("model", False, error.detail)
    adapter = f" with adapter {model.adapter_name}" if model.adapter_name else " without an adapter"
    kind = ", for demonstration only" if model.demonstration else ""
    return Finding("model", True, f"{model.name}{adapter}{kind}")


def _tuning(settings: Settings) -> Finding:
    """What the next start of a worker uses where the settings leave it open."""
    from models.engine.tuning import remembered
    from server.wiring.worker import engine_settings

    if settings.phi3_n_gpu_layers != 0:
        return Finding("tuning", True, "none: the model runs on a GPU")
    try:
        tuned = remembered(engine_settings(settings, model_of(settings)))
    except SettingsError:
        return Finding("tuning", True, "none: there is no model")
    if tuned is not None:
        return Finding("tuning", True, str(tuned))
    later = "a worker measures after its first start, while nothing waits" if settings.phi3_tune else "PHI3_TUNE is off"
    return Finding("tuning", True, f"not measured yet: {later}; 'casenote doctor --tune' measures now")


def _web() -> Finding:
    folder = web_folder()
    return Finding("editor", folder is not None, str(folder) if folder else "not built: run 'make setup'")


def tuning_of(settings: Settings) -> list[str]:
    """Measures what suits this machine and model, remembers it for the next start, and tells it.

    Raises ``SettingsError``.
    """
    from models.engine.tuning import tune
    from server.wiring.worker import engine_settings

    try:
        return tune(engine_settings(settings, model_of(settings))).lines()
    except ModelError as error:
        raise SettingsError(str(error)) from error
