"""Where the commands find models: in the folder and by the variables that the service goes by, so that what is
measured and compared is what serves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from dotenv import dotenv_values

from models.catalog.embedded import EMBEDDED_FILE, default_models_dir

_FOLDER, _SERVING = "CASENOTE_MODELS", "PHI3_MODEL_PATH"

FolderOption = Annotated[
    Path | None, typer.Option("--folder", envvar=_FOLDER, help="Folder of the models and their catalog.")
]
ServingOption = Annotated[
    Path | None, typer.Option("--serving", envvar=_SERVING, help="GGUF that serves in place of the catalog's.")
]


def models_folder(given: Path | None) -> Path:
    """The folder of models: as given, else as ``.env`` has it, else the product's own."""
    return given or _from_file(_FOLDER) or default_models_dir()


def serving_file(given: Path | None) -> Path | None:
    """The GGUF that goes before the catalog: as given, else as ``.env`` has it; None where the catalog decides."""
    return given or _from_file(_SERVING)


def embedded_file(folder: Path | None) -> Path:
    """The embedded model, which is trained on where no other is named."""
    return models_folder(folder) / EMBEDDED_FILE


def override_line(serving: Path | None) -> str:
    """What is to be said where a choice in the catalog changes nothing; "" where it does."""
    if serving is None:
        return ""
    return f"{_SERVING} is set: {serving} serves, and the catalog is asked again once it is taken out"


def _from_file(name: str) -> Path | None:
    # The service reads .env too, behind the environment, and names in any case; what is set and empty is not set.
    for values in (os.environ, dotenv_values(".env")):
        found = next((value for key, value in values.items() if key.upper() == name and value), None)
        if found:
            return Path(found)
    return None
