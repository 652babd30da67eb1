"""Settings of the test tools that hold for every test."""

from __future__ import annotations

from hypothesis import settings

# No test asserts a time, and a busy machine is not a bug.
settings.register_profile("holdall", deadline=None, print_blob=True)
settings.load_profile("holdall")
