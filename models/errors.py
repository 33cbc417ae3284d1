"""What can go wrong with a model, as errors with one clear line each.

ModelError
├── ModelFileError       the GGUF or the adapter is missing, truncated, of another hash or of no use
├── ContextTooLongError  more tokens are asked of the model than it was trained for
└── ModelLoadError       llama.cpp would not load it (memory, unknown architecture)
"""

from __future__ import annotations


class ModelError(Exception):
    """Base: the message is fit for an operator and holds no text of a session."""


class ModelFileError(ModelError):
    """The file is missing, truncated, of another hash, or no GGUF."""


class ContextTooLongError(ModelError):
    """The configured context is longer than the model's."""


class ModelLoadError(ModelError):
    """llama.cpp refused the file."""
