"""A request as a value: everything that is needed to send it, and to send it again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from holdall.s3.client.bodies import EMPTY, Body

Query = tuple[tuple[str, str], ...]

_CONDITIONS: Final = frozenset(
    {
        *("if-match", "if-none-match", "x-holdall-expect", "x-holdall-if-none-match"),
        *("x-amz-if-match-last-modified-time", "x-amz-if-match-size"),
    }
)
"""Headers of a change that make its outcome depend on what was there."""


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` by lower-case name.

    `xml` says that the answer's body is XML, whatever its root: servers call it differently.
    `payload` says that the body is the bytes of an object, which may go unsigned over TLS.
    `small` says that the answer is expected to be few bytes of an object.
    """

    method: str
    bucket: str | None = None
    key: str | None = None
    query: Query = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = EMPTY
    xml: bool = False
    payload: bool = False
    small: bool = False

    @property
    def changes(self) -> bool:
        return self.method not in ("GET", "HEAD")

    @property
    def once(self) -> bool:
        """A conditional change. Made twice, the second would meet the doing of the first."""
        return self.changes and not _CONDITIONS.isdisjoint(self.headers)

    @property
    def facts(self) -> dict[str, Any]:
        """What errors say about it."""
        said = dict(self.query)
        known = {
            "bucket": self.bucket,
            "key": self.key,
            "revision": said.get("versionId"),
            "upload": said.get("uploadId"),
        }
        return {name: value for name, value in known.items() if value is not None}
