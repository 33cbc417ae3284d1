"""More rounds of the same properties: ``CASENOTE_PROPERTY_EXAMPLES=2000``. No deadline: machines that test are busy."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "clinical",
    deadline=None,
    max_examples=int(os.environ.get("CASENOTE_PROPERTY_EXAMPLES", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("clinical")
