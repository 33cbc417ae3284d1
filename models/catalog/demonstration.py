"""Whether a model is the embedded one, or was made of it: its text shows the product and is not for clinical use.

Told from the file, so that no name, path or catalog takes the label off it.
"""

from __future__ import annotations

from pathlib import Path

from models.catalog.embedded import EMBEDDED_BYTES, EMBEDDED_SHA256
from models.catalog.files import sha256_of
from models.engine.gguf_file import read_head
from models.errors import ModelFileError

# What a baked model says of its making (models.catalog.bake writes it): the file it was made of, and the one that the
# first of its line was made of.
BASE_KEY = "casenote.bake.base_sha256"
ROOT_KEY = "casenote.bake.root_sha256"
ADAPTER_KEY = "casenote.bake.adapter_sha256"


# Continuations of the paragraph that are followed; decision 38 has what they gain, and what they cost.
_BEAMS = 4


def beams_of(*, demonstration: bool) -> int:
    """How many continuations of a note's paragraph suit a model. Measured for the embedded one; one for any other."""
    return _BEAMS if demonstration else 1


def is_demonstration(path: Path, sha256: str = "") -> bool:
    """Whether the GGUF at ``path`` is the embedded model, alone, baked or quantised again. ``sha256``: its hash, where
    that is known. A file is hashed only where it has the very size of the embedded one; one that cannot be read is
    not, and loading it will say why."""
    if sha256 == EMBEDDED_SHA256:
        return True
    try:
        head = read_head(path)
        if EMBEDDED_SHA256 in (head.values.get(BASE_KEY), head.values.get(ROOT_KEY)):
            return True
        return not sha256 and head.size_bytes == EMBEDDED_BYTES and sha256_of(path) == EMBEDDED_SHA256
    except ModelFileError:
        return False
