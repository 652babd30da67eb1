"""What an argument names: a blob, a local path, or a standard stream."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, TypedDict

from holdall.cli.clusters import with_orgs
from holdall.cli.printable import shown_name
from holdall.core.errors import InvalidArgument
from holdall.core.uris import BlobURI, parse


class Whose(TypedDict):
    """The keyword arguments that say which of several buckets of one name is meant."""

    cluster_name: str | None
    bucket_owner: str | None


class Standard(Enum):
    """The text `-`: standard input as a source, standard output as a target."""

    STREAM = "-"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True)
class Blob:
    """A `blob:` URI. The empty key is the bucket; a slash at the end names a directory."""

    uri: BlobURI

    def __str__(self) -> str:
        return str(self.uri)

    @property
    def bucket(self) -> str:
        return self.uri.bucket

    @property
    def key(self) -> str:
        return self.uri.key

    @property
    def whose(self) -> Whose:
        """What the client's methods need beside the bucket's name."""
        return {"cluster_name": self.uri.cluster, "bucket_owner": self.uri.owner}

    @property
    def names_directory(self) -> bool:
        return not self.key or self.key.endswith("/")

    @property
    def name(self) -> str:
        """The last segment; a whole bucket goes by the bucket's name."""
        return self.key.removesuffix("/").rpartition("/")[2] if self.key else self.bucket

    def at(self, key: str) -> Blob:
        return Blob(replace(self.uri, key=key))

    def child(self, name: str) -> Blob:
        """The place of `name` in this directory."""
        return self.as_directory().at(self.as_directory().key + name)

    def as_directory(self) -> Blob:
        return self if self.names_directory else self.at(self.key + "/")


@dataclass(frozen=True, slots=True)
class Local:
    """A path as it was written; a slash at the end names a directory."""

    path: str

    def __str__(self) -> str:
        return shown_name(self.path)

    @property
    def names_directory(self) -> bool:
        return self.path.endswith(("/", os.sep))

    @property
    def name(self) -> str:
        """The last segment; empty for `.` and `..`, which have no name of their own."""
        name = os.path.basename(self.path.rstrip("/" + os.sep))
        return "" if name in (".", "..") else name

    def child(self, name: str) -> Local:
        return Local(os.path.join(self.path, name))

    @property
    def is_directory(self) -> bool:
        return os.path.isdir(self.path)

    @property
    def is_there(self) -> bool:
        return os.path.lexists(self.path)

    @property
    def is_stream(self) -> bool:
        """Whether it is a pipe or a device, which is read and written where it stands."""
        try:
            mode = os.stat(self.path).st_mode
        except OSError:
            return False
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


Place = Blob | Local | Standard

_BLOB_PREFIX: Final = "blob:"
_FAR_PREFIX: Final = "blob://"


def place(text: str) -> Place:
    """Read an argument. `InvalidURI` for a malformed URI, `InvalidArgument` for no text."""
    if text == Standard.STREAM.value:
        return Standard.STREAM
    if text.lower().startswith(_BLOB_PREFIX):
        orgs = with_orgs() if text.lower().startswith(_FAR_PREFIX) else ()
        return Blob(parse(text, org_clusters=orgs))
    if not text:
        raise InvalidArgument("an empty path")
    return Local(text)


def blob(text: str) -> Blob:
    """Read an argument that must name a bucket, a directory in one, or a blob."""
    found = place(text)
    if not isinstance(found, Blob):
        raise InvalidArgument(f"{text!r} is no URI such as blob:bucket/key", actual=text)
    return found


def blob_with_key(text: str) -> Blob:
    """Read an argument that must name a blob."""
    found = blob(text)
    if not found.key:
        raise InvalidArgument(f"{text!r} names a bucket; a blob is blob:bucket/key", actual=text)
    return found


def bucket(text: str) -> Blob:
    """Read an argument that must name a bucket: its name, its id, or a URI."""
    if not text.lower().startswith(_BLOB_PREFIX):
        return Blob(BlobURI(bucket=text))
    found = blob(text)
    if found.key:
        raise InvalidArgument(f"{text!r} names a blob, not a bucket", actual=text)
    return found
