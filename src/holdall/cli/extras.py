"""What to install where a library is missing that only some of Holdall's users need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_OF_MODULE: Final = {
    "aiohttp": "s3",
    "azure": "azure",
    "google": "gcs",
    "psycopg": "postgres",
    "cryptography": "server",
    "fastapi": "server",
    "httptools": "server",
    "multipart": "server",
    "prometheus_client": "server",
    "python_multipart": "server",
    "uvicorn": "server",
    "uvloop": "server",
    "websockets": "server",
}
_NEEDS: Final = "this needs the extra holdall[{0}] (pip install 'holdall[{0}]')"
# The last resort of whoever named no key: that it is missing is not what went wrong.
_KEY: Final = (
    "no key for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; "
    "other sources of keys need botocore (pip install botocore)"
)


def why_missing(error: BaseException) -> str | None:
    """What to say of an error that a missing library brought about; None for any other."""
    return next((text for each in _causes(error) if (text := _text(each))), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _text(error: BaseException) -> str | None:
    if not isinstance(error, ModuleNotFoundError):
        return None
    module = (error.name or "").partition(".")[0]
    if module == "botocore":
        return _KEY
    found = _OF_MODULE.get(module)
    return _NEEDS.format(found) if found else None
