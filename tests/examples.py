"""How many examples hypothesis tries. Knows no tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def at_least(examples: int) -> settings:
    """So many examples, or as many as the profile says: `pytest --hypothesis-profile=long` tries 20,000 in place of hundreds."""
    most = max(examples, settings().max_examples)
    return settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck))
