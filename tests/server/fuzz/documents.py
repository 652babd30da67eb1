"""Bodies that operations read, and what becomes of them on a bad day."""

from __future__ import annotations

import json
from typing import Final

from hypothesis import strategies as st

from ..matrix import world

SEEDS: Final[dict[str, bytes]] = {
    "cors": world.CORS.encode(),
    "tagging": world.TAGGING.format("red").encode(),
    "lifecycle": world.LIFECYCLE.format(3).encode(),
    "encryption": world.ENCRYPTION.encode(),
    "ownershipControls": world.OWNERSHIP.format("ObjectWriter").encode(),
    "publicAccessBlock": world.BLOCK.format("true").encode(),
    "object-lock": world.LOCK.format("").encode(),
    "retention": world.RETENTION.format(2099).encode(),
    "legal-hold": world.HOLD.format("ON").encode(),
    "restore": b"<RestoreRequest><Days>1</Days></RestoreRequest>",
    "delete": b"<Delete><Object><Key>kept</Key><VersionId>null</VersionId><ETag>a</ETag>"
    b"<Size>1</Size><LastModifiedTime>2026-01-01T00:00:00Z</LastModifiedTime></Object></Delete>",
    "complete": b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>"
    b"</CompleteMultipartUpload>",
    "acl": b"<AccessControlPolicy><Owner><ID>a</ID></Owner><AccessControlList><Grant>"
    b'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
    b"<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>"
    b"<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>",
    "versioning": b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
    "notification": b"<NotificationConfiguration><QueueConfiguration><Id>1</Id>"
    b"<Queue>arn:aws:sqs:us-east-1:1:a</Queue><Event>s3:ObjectCreated:*</Event>"
    b"</QueueConfiguration></NotificationConfiguration>",
    "policy": world.policy("box", public=True).encode(),
}
_PIECES: Final = (
    *(b"<", b">", b"&", b"\x00", b"\xff", b"]]>", b"<![CDATA[x]]>", b"<!-- -->", b"<?x?>"),
    *(b"&#0;", b"&#x110000;", b"&lt;", b"&x;", b"9" * 30, b"9" * 5000, b"-1", b"1e999", b"NaN"),
    *(b"<a>" * 30, b"</Object>", b"<Key></Key>", b"<Key>\xed\xa0\x80</Key>", b"", b'"', b"\\ud800"),
    *(b"{", b"}", b"[" * 60, b"${aws:username}", b"*" * 40 + b"?" * 40, b"\xef\xbb\xbf"),
)

documents: Final = st.sampled_from(sorted(SEEDS.values()))


@st.composite
def _mutated(draw: st.DrawFn, seeds: st.SearchStrategy[bytes]) -> bytes:
    """A document with some places replaced, doubled or cut away."""
    found = draw(seeds)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(found)))
        end = draw(st.integers(start, min(len(found), start + 30)))
        piece = draw(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=8)))
        if draw(st.booleans()):
            piece += found[start:end]
        found = found[:start] + piece + found[end:]
    return found


def mutations(seed: bytes) -> st.SearchStrategy[bytes]:
    return _mutated(st.just(seed))


mutated: Final = _mutated(documents)

_leaves = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(("Allow", "Deny", "*", "s3:*", "s3:Get*", "arn:aws:s3:::box/*", "2012-10-17")),
)  # fmt: skip
_fields = st.one_of(
    st.sampled_from(
        ("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action")
    ),
    st.sampled_from(("NotAction", "Resource", "NotResource", "Condition", "StringLike", "AWS")),
    st.text(max_size=8),
)
policies: Final = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_fields, inner, max_size=5)
    ),
    max_leaves=20,
).map(lambda found: json.dumps(found).encode())
