"""Which models the settings mean. Loads nothing, so that a start can be refused before anything runs."""

from __future__ import annotations

from pathlib import Path

from models.catalog.embedded import default_models_dir
from models.catalog.registry import REGISTRY_FILE
from models.catalog.resolve import Lineup, ResolvedModel, resolve_lineup
from models.engine.fitness import fitness_of
from models.engine.gguf_file import read_head
from models.errors import ContextTooLongError, ModelFileError
from server.errors import SettingsError
from server.settings import Settings


def models_folder(settings: Settings) -> Path:
    """Where the catalog of models lies."""
    return settings.models_folder or default_models_dir()


def lineup_of(settings: Settings) -> Lineup:
    """The models that the settings name, or the catalog. Raises ``ModelFileError``."""
    return resolve_lineup(settings.phi3_model_path or None, models_folder(settings))


def model_of(settings: Settings) -> ResolvedModel:
    """The model that serves. Raises ``SettingsError`` when its file is of no use, or when more context is configured
    than it can take."""
    named = settings.phi3_model_path
    try:
        model = lineup_of(settings).current
        fitness_of(read_head(model.path), settings.phi3_n_ctx)
    except ContextTooLongError as error:
        raise SettingsError(f"PHI3_N_CTX is '{settings.phi3_n_ctx}': {error}") from error
    except ModelFileError as error:
        raise SettingsError(f"PHI3_MODEL_PATH is {named!r}: {error}" if named else str(error)) from error
    return model


def catalog_stamp(settings: Settings) -> tuple[int, int] | None:
    """Something that changes whenever another model is chosen; None where nothing ever was."""
    if settings.phi3_model_path:
        return None
    try:
        found = (models_folder(settings) / REGISTRY_FILE).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino
