"""Measurements of the running service, for ``casenote bench``."""
