"""Settings of the whole suite. Fixtures that several folders need live here; their code is in ``tests.support``."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("default", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("slow", max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("CASENOTE_TEST_ROUNDS", "default"))
