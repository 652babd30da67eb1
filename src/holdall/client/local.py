"""Local paths as callers write them: `file:` URLs, plain strings and path objects."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from yarl import URL

from holdall.core.errors import InvalidArgument, IsADirectory

LocalPlace = URL | str | os.PathLike[str]


def local_path(place: LocalPlace) -> Path:
    """The path that `place` names. `InvalidArgument` for a URL that names no local file."""
    if isinstance(place, str) and place.startswith("file:"):
        place = URL(place)
    path = _path_of(place) if isinstance(place, URL) else os.fspath(place)
    if not path or "\0" in path:
        raise InvalidArgument(f"not a path: {path!r}", path=path)
    return Path(path)


def url_of(path: Path) -> URL:
    """The `file:` URL of a path, made absolute."""
    return URL(path.absolute().as_uri(), encoded=True)


def _path_of(url: URL) -> str:
    if url.scheme not in ("", "file") or (url.host or "localhost") != "localhost":
        raise InvalidArgument(f"not a local file: {url}", url=str(url))
    return url.path


def local_target(place: LocalPlace) -> Path:
    """The file that a download replaces: through links, as any copy would write to it."""
    path = local_path(place).resolve()
    if path.is_dir():
        raise IsADirectory(f"{path} is a directory", path=path)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such directory", str(path.parent))
    return path
