"""What can go wrong with a model, as errors with one clear line each.

ModelError
├── ModelFileError     the GGUF or the adapter is missing, truncated, of another hash or of no use
└── ModelLoadError     llama.cpp would not load it (memory, unknown architecture)
"""

from __future__ import annotations


class ModelError(Exception):
    """Base: the message is fit for an operator and holds no text of a session."""


class ModelFileError(ModelError):
    """The file is missing, truncated, of another hash, or no GGUF."""


class ModelLoadError(ModelError):
    """llama.cpp refused the file."""
