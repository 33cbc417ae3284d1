"""Which model the settings mean. Loads nothing, so that a start can be refused before anything runs."""

from __future__ import annotations

from models.catalog.embedded import default_models_dir
from models.catalog.resolve import ResolvedModel, resolve_model
from models.engine.gguf_file import read_head
from models.errors import ModelFileError
from server.errors import SettingsError
from server.settings import Settings


def model_of(settings: Settings) -> ResolvedModel:
    """The model that the settings name. Raises ``SettingsError`` when its file is of no use."""
    named = settings.phi3_model_path
    try:
        model = resolve_model(named or None, default_models_dir())
        read_head(model.path)
    except ModelFileError as error:
        raise SettingsError(f"PHI3_MODEL_PATH is {named!r}: {error}" if named else str(error)) from error
    return model
