"""The version of the product."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("casenote")
    except PackageNotFoundError:
        return "unknown"


VERSION = _version()
