"""The one codec for `blob:` URIs, on strings, decoded exactly once.

Forms: `blob:bucket/key`, `blob:/owner/bucket/key`, `blob://cluster/owner/bucket/key` and,
in clusters that have organisations, `blob://cluster/org/owner/bucket/key`. An organisation
that owns a bucket itself is its owner as `org:NAME`, and its name stands before that.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from yarl import URL

from holdall.core.errors import InvalidURI

_CLUSTER: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?")
_AUTHORITY: Final = re.compile(r"//([^/?#]*)")

ORG: Final = "org:"
"""What an owner's name begins with where it is an organisation's."""

# Exactly what yarl leaves alone, so that a URI does not change when it passes through it.
_UNESCAPED: Final = "/!$'()*+,;=:@&"

# A `.` or `..` with the slashes, or ends, beside it.
_DOT_SEGMENT: Final = re.compile(r"(?:(?:^|/)\.{1,2}(?=/|$))+/?")


@dataclass(frozen=True, slots=True)
class BlobURI:
    """A parsed URI. The empty key stands for the bucket itself, or the prefix `""`.

    A cluster needs an owner and an organisation needs a cluster; `InvalidURI` else.
    """

    bucket: str
    key: str = ""
    owner: str | None = None
    cluster: str | None = None
    org: str | None = None

    def __post_init__(self) -> None:
        for part in (self.bucket, self.owner, self.org):
            _check_part(part)
        _check_encodable(self.key)
        if self.cluster is not None:
            check_cluster_name(self.cluster)
        if self.cluster is not None and self.owner is None:
            raise InvalidURI("a URI with a cluster names the owner", cluster=self.cluster)
        if self.org is not None and self.cluster is None:
            raise InvalidURI("a URI with an organisation names the cluster", org=self.org)
        if self.bucket.startswith(ORG):
            raise InvalidURI(f"{self.bucket!r} is an owner, not a bucket", bucket=self.bucket)

    def __str__(self) -> str:
        parts = [part for part in (self.org, self.owner, self.bucket) if part is not None]
        path = _escape("/".join([*parts, self.key] if self.key else parts))
        if self.cluster is not None:
            return f"blob://{self.cluster}/{path}"
        return f"blob:{path}" if self.owner is None else f"blob:/{path}"

    def to_url(self) -> URL:
        """The same as a yarl URL; `parse` gives this value back."""
        return URL(str(self))


def check_cluster_name(name: str) -> None:
    """`InvalidURI` unless it can stand in a URI: lower-case letters, digits, `.`, `-`, `_`."""
    if not _CLUSTER.fullmatch(name):
        raise InvalidURI(f"bad cluster name {name!r}", cluster=name)


def parse(uri: str | URL, *, org_clusters: Container[str] = ()) -> BlobURI:
    """Read a URI. `InvalidURI` when it is none.

    `org_clusters` are the clusters whose URIs name an organisation: from the text alone
    `//cluster/org/owner/bucket` cannot be told from `//cluster/owner/bucket/key`, only
    the cluster's configuration can. In a plain string `?`, `#`, spaces and brackets need
    no escape, and a `%` without two hexadecimal digits is itself; the same holds of a
    `yarl.URL`, except for what yarl does before we see it: it drops tabs, line ends and
    a `?` or `#` at the end, and writes a space after an unescaped `?` as `+`.
    """
    text = str(uri)
    scheme, colon, rest = text.partition(":")
    if not colon or scheme.lower() != "blob":
        raise InvalidURI(f"{text!r} does not start with blob:", actual=text)
    try:
        return _parse_rest(rest, org_clusters)
    except InvalidURI as error:
        raise InvalidURI(f"{text!r}: {error.message}", **{**error.facts, "actual": text}) from error


def parse_glob(uri: str | URL, *, org_clusters: Container[str] = ()) -> tuple[BlobURI, str]:
    """The bucket, with an empty key, and the pattern that stands in the key's place.

    Escapes are decoded as in any URI, so `%5B` is a bracket like any other (yarl writes
    it so); a literal magic character is written `[*]`, see `holdall.core.globs`.
    """
    parsed = parse(uri, org_clusters=org_clusters)
    return replace(parsed, key=""), parsed.key


def _parse_rest(rest: str, org_clusters: Container[str]) -> BlobURI:
    cluster = None
    if authority := _AUTHORITY.match(rest):
        # yarl lowers hosts and drops an empty one; so do we.
        cluster, rest = authority[1].lower() or None, rest[authority.end() :]
    names = ["bucket"] if cluster is None and not rest.startswith("/") else ["owner", "bucket"]
    # Decoded before it is split: no name holds a slash, so `bucket%2F..` is unambiguous.
    path = _unescape(rest).removeprefix("/" if "owner" in names else "")
    if cluster is not None and (cluster in org_clusters or _names_owning_org(path)):
        names.insert(0, "org")
    values = path.split("/", len(names))
    if len(values) < len(names):
        raise InvalidURI(f"expected {'/'.join(names)}/key", expected="/".join(names))
    return BlobURI(cluster=cluster, **dict(zip([*names, "key"], values, strict=False)))


def _names_owning_org(path: str) -> bool:
    """No bucket is called so: it is an owner, after an organisation."""
    return path.partition("/")[2].startswith(ORG)


def _escape(path: str) -> str:
    # yarl, like browsers, unescapes %2E and resolves the segments `.` and `..` away; with
    # the slashes beside it escaped, a dot is part of a longer segment and stays.
    return _DOT_SEGMENT.sub(_join_dots, quote(path, safe=_UNESCAPED))


def _join_dots(dots: re.Match[str]) -> str:
    return dots[0].replace("/", "%2F")


def _unescape(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError as error:
        raise InvalidURI("not UTF-8 once its escapes are decoded") from error


def _check_part(part: str | None) -> None:
    if part is None:
        return
    if not part or "/" in part or "\0" in part:
        raise InvalidURI(f"{part!r} cannot name an owner or a bucket", expected="no '/', no NUL")
    _check_encodable(part)


def _check_encodable(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidURI(f"lone surrogate in {text!r}", actual=ascii(text)) from error
