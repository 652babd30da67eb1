"""Questions across the tables whose every answer is a fault: they are what `check` asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from holdall.catalog.transaction import Reads


class Place(NamedTuple):
    """Where a fault is: as much of it as is known."""

    bucket: str | None
    key: bytes | None
    number: int | None
    payload: int | None


class Finding(NamedTuple):
    kind: str
    detail: str
    places: list[Place]


_NAMED = "SELECT coalesce(t.name, t.uid), b.key"
_BLOBS = " FROM blobs b LEFT JOIN buckets t ON t.id = b.bucket"
_OF_REVISION = (
    " FROM revisions r LEFT JOIN blobs b ON b.chain = r.chain"
    " LEFT JOIN buckets t ON t.id = b.bucket"
)

_QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "bucket",
        "the blob's bucket does not exist",
        f"{_NAMED}, NULL, NULL{_BLOBS} WHERE t.id IS NULL",
    ),
    (
        "current",
        "the blob's current revision is not its newest, or does not exist",
        f"{_NAMED}, b.current, NULL{_BLOBS} WHERE b.current <>"
        " coalesce((SELECT max(r.number) FROM revisions r WHERE r.chain = b.chain), -1)",
    ),
    (
        "deleted",
        "the blob is filed as deleted and is not, or the other way round",
        f"{_NAMED}, b.current, NULL{_BLOBS} JOIN revisions r"
        " ON r.chain = b.chain AND r.number = b.current WHERE r.kind <> b.deleted",
    ),
    (
        "counter",
        "the next revision's number was used already",
        f"{_NAMED}, b.next, NULL{_BLOBS} WHERE b.next <="
        " (SELECT max(r.number) FROM revisions r WHERE r.chain = b.chain)",
    ),
    (
        "twice",
        "the key is there twice",
        f"{_NAMED}, NULL, NULL{_BLOBS} WHERE b.deleted = 1 AND EXISTS (SELECT 1 FROM blobs o"
        " WHERE o.bucket = b.bucket AND o.deleted = 0 AND o.key = b.key)",
    ),
    (
        "chain",
        "the revision belongs to no blob",
        "SELECT NULL, NULL, r.number, NULL FROM revisions r"
        " WHERE r.chain NOT IN (SELECT chain FROM blobs)",
    ),
    (
        "spans",
        "the revision's spans do not add up to its size",
        f"{_NAMED}, r.number, NULL{_OF_REVISION} WHERE r.size <>"
        " coalesce((SELECT sum(s.length) FROM spans s WHERE s.owner = r.id), 0)",
    ),
    (
        "gap",
        "there is a gap between the content's spans",
        "SELECT NULL, NULL, NULL, s.payload FROM spans s WHERE s.position > 0 AND NOT EXISTS"
        " (SELECT 1 FROM spans o WHERE o.owner = s.owner AND o.position + o.length = s.position)",
    ),
    (
        "part",
        "the part's spans do not add up to its size",
        "SELECT NULL, u.key, p.number, NULL FROM parts p LEFT JOIN uploads u ON u.id = p.upload"
        " WHERE u.id IS NULL OR p.size <>"
        " coalesce((SELECT sum(s.length) FROM spans s WHERE s.owner = p.id), 0)",
    ),
    (
        "owner",
        "the span belongs to no revision and no part",
        "SELECT NULL, NULL, NULL, s.payload FROM spans s"
        " WHERE s.owner NOT IN (SELECT id FROM revisions)"
        " AND s.owner NOT IN (SELECT id FROM parts)",
    ),
    (
        "payload",
        "the content's payload is not in the catalog, or shorter than its spans say",
        f"{_NAMED}, r.number, s.payload FROM spans s"
        " LEFT JOIN payloads p ON p.id = s.payload AND p.state = 1"
        " LEFT JOIN small_payloads m ON m.id = s.payload"
        " LEFT JOIN revisions r ON r.id = s.owner LEFT JOIN blobs b ON b.chain = r.chain"
        " LEFT JOIN buckets t ON t.id = b.bucket WHERE s.start + s.length >"
        " coalesce(p.size, length(m.bytes), 0)",
    ),
    (
        "doomed",
        "the payload is doomed and still in use",
        "SELECT NULL, NULL, NULL, d.payload FROM doomed d"
        " WHERE EXISTS (SELECT 1 FROM spans s WHERE s.payload = d.payload)",
    ),
    (
        "unused",
        "nothing refers to the payload, and it is not doomed",
        "SELECT NULL, NULL, NULL, p.id FROM payloads p WHERE p.state = 1"
        " AND NOT EXISTS (SELECT 1 FROM spans s WHERE s.payload = p.id)"
        " UNION ALL SELECT NULL, NULL, NULL, m.id FROM small_payloads m"
        " WHERE m.id NOT IN (SELECT payload FROM doomed)"
        " AND NOT EXISTS (SELECT 1 FROM spans s WHERE s.payload = m.id)",
    ),
    (
        "usage",
        "the bucket's usage is not what it holds",
        "SELECT coalesce(t.name, t.uid), NULL, NULL, NULL FROM buckets t"
        " LEFT JOIN usage g ON g.bucket = t.id LEFT JOIN"
        " (SELECT b.bucket, sum(CASE WHEN b.deleted = 0 AND r.number = b.current THEN 1 ELSE 0 END)"
        " AS blobs, sum(CASE WHEN b.deleted = 0 AND r.number = b.current THEN r.size ELSE 0 END)"
        " AS bytes, sum(1 - r.kind) AS revisions, sum(r.size) AS revision_bytes,"
        " sum(r.kind) AS markers FROM blobs b JOIN revisions r ON r.chain = b.chain"
        " GROUP BY b.bucket) f ON f.bucket = t.id"
        " WHERE coalesce(g.blobs, 0) <> coalesce(f.blobs, 0)"
        " OR coalesce(g.bytes, 0) <> coalesce(f.bytes, 0)"
        " OR coalesce(g.revisions, 0) <> coalesce(f.revisions, 0)"
        " OR coalesce(g.revision_bytes, 0) <> coalesce(f.revision_bytes, 0)"
        " OR coalesce(g.markers, 0) <> coalesce(f.markers, 0)",
    ),
    (
        "usage",
        "there is usage of a bucket that does not exist",
        "SELECT NULL, NULL, NULL, NULL FROM usage g WHERE g.bucket NOT IN (SELECT id FROM buckets)",
    ),
    (
        "doomed",
        "the payload's row says that it is doomed, or not, and the list says otherwise",
        "SELECT NULL, NULL, NULL, p.id FROM payloads p WHERE (p.state = 2) <>"
        " (p.id IN (SELECT payload FROM doomed))",
    ),
    (
        "mark",
        "the mark belongs to no revision",
        "SELECT NULL, NULL, m.number, NULL FROM marks m WHERE NOT EXISTS"
        " (SELECT 1 FROM revisions r WHERE r.chain = m.chain AND r.number = m.number)",
    ),
    (
        "mark",
        "the revision's row says that it has marks, or has none, and the marks say otherwise",
        f"{_NAMED}, r.number, NULL{_OF_REVISION} WHERE r.marked <> CASE WHEN EXISTS"
        " (SELECT 1 FROM marks m WHERE m.chain = r.chain AND m.number = r.number)"
        " THEN 1 ELSE 0 END",
    ),
    (
        "completed part",
        "the part belongs to no revision",
        "SELECT NULL, NULL, NULL, NULL FROM completed_parts c"
        " WHERE c.revision NOT IN (SELECT id FROM revisions)",
    ),
    (
        "completed part",
        "the parts that the revision was made of do not add up to it",
        f"{_NAMED}, r.number, NULL{_OF_REVISION} WHERE r.parts > 0 AND (r.parts <>"
        " (SELECT count(*) FROM completed_parts c WHERE c.revision = r.id) OR r.size <>"
        " (SELECT coalesce(sum(c.size), 0) FROM completed_parts c WHERE c.revision = r.id))",
    ),
    (
        "setting",
        "the setting belongs to a bucket that does not exist",
        "SELECT NULL, NULL, NULL, NULL FROM settings s"
        " WHERE s.bucket NOT IN (SELECT id FROM buckets)",
    ),
    (
        "locked",
        "the bucket is locked, and its versioning is not enabled",
        "SELECT coalesce(t.name, t.uid), NULL, NULL, NULL FROM buckets t"
        " WHERE t.locked = 1 AND t.versioning <> 1",
    ),
    (
        "grant",
        "the grant is of a bucket that does not exist",
        "SELECT NULL, NULL, NULL, NULL FROM grants g"
        " WHERE g.bucket NOT IN (SELECT id FROM buckets)",
    ),
    (
        "member",
        "the member, or the organisation, does not exist",
        "SELECT NULL, NULL, NULL, NULL FROM members m"
        " WHERE m.username NOT IN (SELECT name FROM users)"
        " OR m.org NOT IN (SELECT name FROM orgs)",
    ),
    (
        "access key",
        "the access key belongs to no user",
        "SELECT NULL, NULL, NULL, NULL FROM access_keys k"
        " WHERE k.username NOT IN (SELECT name FROM users)",
    ),
    (
        "clock",
        "there are moments after the last one",
        "SELECT NULL, NULL, NULL, NULL FROM clock c WHERE c.seq <"
        " (SELECT coalesce(max(seq), 0) FROM events)",
    ),
)

_USERS = (
    f"{_NAMED}, r.number, s.payload FROM spans s JOIN revisions r ON r.id = s.owner"
    " LEFT JOIN blobs b ON b.chain = r.chain LEFT JOIN buckets t ON t.id = b.bucket"
    " WHERE s.payload = ?"
)


def findings(reads: Reads) -> Iterator[Finding]:
    for kind, detail, question in _QUESTIONS:
        places = [_place(row) for row in reads.all(question)]
        if places:
            yield Finding(kind, detail, places)


def users(reads: Reads, payload: int) -> list[Place]:
    """The revisions whose bytes a payload holds."""
    return [_place(row) for row in reads.all(_USERS, (payload,))]


def _place(row: tuple[object, ...]) -> Place:
    bucket, key, number, payload = row
    return Place(bucket, None if key is None else bytes(key), number, payload)  # type: ignore[call-overload,arg-type]
