"""The one checksum that an object or an upload shows of itself, in headers and in bodies.

Which one is said by the attributes "checksum" (its algorithm) and "checksum-type"; the value
is computed, and in the attribute "checksum-value" only where the engine does not know it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from holdall.core.values import Revision
from holdall.engine.records import COMPOSITE
from holdall.s3 import checksums as wire
from holdall.s3.checksums import ChecksumType, Multipart
from holdall.s3.xml import Node
from holdall.server.response import Headers

DEFAULT: Final = Multipart("crc64nvme", ChecksumType.FULL_OBJECT)
"""What S3 gives an upload in parts that asks for none ("Checking object integrity")."""

UNASKED: Final = "checksum-unasked"
"""The attribute of uploads whose checksum is the default: S3 does not tell of it before the end."""


class Shown(NamedTuple):
    """`text` is the value as headers have it, `bare` without the number of parts."""

    algorithm: str
    type: str
    text: str
    bare: str


def shown(revision: Revision) -> Shown | None:
    """None for an object of which no checksum is known, such as one made of copied ranges."""
    algorithm = revision.attributes.get("checksum")
    if algorithm is None:
        return None
    kind = revision.attributes.get("checksum-type", "FULL_OBJECT")
    bare = _bare(revision, algorithm, kind)
    if bare is None:
        return None
    suffix = f"-{revision.parts}" if kind == "COMPOSITE" else ""
    return Shown(algorithm, kind, bare + suffix, bare)


class Kind(NamedTuple):
    """Which checksum an object shows, and of what it is."""

    algorithm: str
    type: str


def kind_of(attributes: Mapping[str, str], known: Collection[str]) -> Kind | None:
    """What `shown` would show, without the value; `known` are as in `Summary.checksums`."""
    algorithm = attributes.get("checksum")
    if algorithm is None:
        return None
    kind = Kind(algorithm, attributes.get("checksum-type", "FULL_OBJECT"))
    name = COMPOSITE + algorithm if kind.type == "COMPOSITE" else algorithm
    return kind if name in known or "checksum-value" in attributes else None


def _bare(revision: Revision, algorithm: str, kind: str) -> str | None:
    given = revision.attributes.get("checksum-value")
    if given is not None:
        return given
    known = revision.composite if kind == "COMPOSITE" else revision.checksums
    digest = known.get(algorithm)
    return None if digest is None else wire.encode(digest)


def headers(revision: Revision) -> Headers:
    """`x-amz-checksum-*` and its type, for those who ask for them."""
    found = shown(revision)
    if found is None:
        return []
    return [(wire.header_name(found.algorithm), found.text), ("x-amz-checksum-type", found.type)]


def nodes(revision: Revision) -> list[Node]:
    """The same in a body."""
    found = shown(revision)
    if found is None:
        return []
    return [(wire.element_name(found.algorithm), found.text), ("ChecksumType", found.type)]


def attributes(wanted: Multipart | None) -> dict[str, str]:
    """What an upload in parts remembers of the checksum asked for."""
    algorithm, kind = wanted or DEFAULT
    kept = {"checksum": algorithm, "checksum-type": kind.value}
    return kept if wanted else {**kept, UNASKED: "1"}


def asked(attributes: Mapping[str, str]) -> Multipart | None:
    """What an upload was asked for; None for the default."""
    if UNASKED in attributes:
        return None
    return wanted(attributes)


def wanted(attributes: Mapping[str, str]) -> Multipart:
    """What the finished object shall have. Uploads that did not come by S3 have the default."""
    if "checksum" not in attributes:
        return DEFAULT
    return Multipart(attributes["checksum"], ChecksumType(attributes["checksum-type"]))


def part_nodes(checksums: Mapping[str, bytes], algorithm: str) -> list[Node]:
    """The checksum of a part in a body; nothing where it is not known."""
    digest = checksums.get(algorithm)
    return [] if digest is None else [(wire.element_name(algorithm), wire.encode(digest))]
