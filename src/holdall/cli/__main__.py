"""`python -m holdall.cli`, for where the script is not on the path."""

from __future__ import annotations

from holdall.cli.main import main

main()
