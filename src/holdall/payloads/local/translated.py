"""The system's errors, turned into ours."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from holdall.core.errors import ReadOnlyStore, StorageFull, StoreError

_KINDS: Final[dict[int, type[StoreError]]] = {
    errno.ENOSPC: StorageFull,
    errno.EDQUOT: StorageFull,
    errno.EROFS: ReadOnlyStore,
    errno.EACCES: ReadOnlyStore,
}


@contextmanager
def translated(path: str | Path, *, writing: bool = True) -> Iterator[None]:
    """Turn the system's errors into ours; `path` is where they happened."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        kind = _KINDS.get(error.errno or 0, StoreError) if writing else StoreError
        raise kind(f"{path}: {error.strerror or error}", path=str(path)) from error
