"""What the figures were measured on; without it they mean nothing."""

from __future__ import annotations

import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import apsw

from holdall.engine.directory import file_system_of

PACKAGES = ("holdall", "apsw", "awscrt", "obstore", "pymongo")


def facts(path: Path) -> list[str]:
    """One line each: the machine, the disk that holds `path`, the versions."""
    free = shutil.disk_usage(path).free / 1024**3
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    return [
        f"{os.cpu_count()} cores ({_processor()}), {platform.system()} {platform.release()}",
        f"disk: {file_system_of(path) or 'an unknown file system'}, {free:.0f} GiB free",
        f"load when it began: {load} (1, 5, 15 minutes)",
        f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}, "
        + ", ".join(f"{name} {_version(name)}" for name in PACKAGES),
    ]


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
