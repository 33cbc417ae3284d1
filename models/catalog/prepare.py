"""``python -m models.catalog.prepare [FOLDER]`` fetches the embedded model and bakes the product's own adapter in."""

from __future__ import annotations

import sys
from pathlib import Path

from models.catalog.bake import ensure_baked
from models.catalog.embedded import default_models_dir, ensure_embedded_model, to_stderr
from models.errors import ModelError


def main(arguments: list[str]) -> int:
    """The command line; the exit code is 1 after one line of error."""
    folder = Path(arguments[0]) if arguments else default_models_dir()
    try:
        ensure_embedded_model(folder, to_stderr)
        ensure_baked(folder, to_stderr)
    except ModelError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
