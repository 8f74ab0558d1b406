"""What all tests share: how many examples hypothesis tries. `pytest --hypothesis-profile=long` tries 20,000 in place of hundreds."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("long", max_examples=20_000, deadline=None)
