"""The callers of the matrix, and the buckets that they are tried at."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

import apsw

from holdall.catalog.transaction import Reads
from holdall.core.values import Versioning
from holdall.engine import accounts, buckets
from holdall.s3.signing import Credentials
from holdall.server.identities import account_number

from .wire import Answer, Wire

COLUMNS: Final = (
    *("root", "owner"),
    *("org owner", "org admin", "org member", "org reader"),
    *("grantee read", "grantee write", "grantee manage"),
    *("read-only key", "key of this bucket", "key of another bucket", "session"),
    *("other", "anonymous"),
    *("anonymous, public bucket", "anonymous, public lists", "anonymous, public policy"),
)

KINDS: Final = {
    **dict.fromkeys(COLUMNS, "private"),
    **dict.fromkeys((name for name in COLUMNS if name.startswith("org ")), "org"),
    "anonymous, public bucket": "public",
    "anonymous, public lists": "listed",
    "anonymous, public policy": "policed",
}
"""The kind of bucket at which each caller is tried."""

NAMES: Final = ("private", "org", "public", "listed", "policed")
SESSION: Final = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/*"}
CONTENT: Final = b"what the object holds"

CORS: Final = (
    "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
    "<AllowedOrigin>https://example.com</AllowedOrigin></CORSRule></CORSConfiguration>"
)
TAGGING: Final = "<Tagging><TagSet><Tag><Key>colour</Key><Value>{}</Value></Tag></TagSet></Tagging>"
LIFECYCLE: Final = (
    "<LifecycleConfiguration><Rule><ID>old</ID><Filter><Prefix>tmp/</Prefix></Filter>"
    "<Status>Enabled</Status><Expiration><Days>{}</Days></Expiration></Rule>"
    "</LifecycleConfiguration>"
)
ENCRYPTION: Final = (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
    "<SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule>"
    "</ServerSideEncryptionConfiguration>"
)
OWNERSHIP: Final = (
    "<OwnershipControls><Rule><ObjectOwnership>{}</ObjectOwnership></Rule></OwnershipControls>"
)
BLOCK: Final = (
    "<PublicAccessBlockConfiguration><BlockPublicAcls>{}</BlockPublicAcls>"
    "</PublicAccessBlockConfiguration>"
)
RETENTION: Final = (
    "<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{}-01-01T00:00:00Z</RetainUntilDate>"
    "</Retention>"
)
LOCK: Final = (
    "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>{}"
    "</ObjectLockConfiguration>"
)
HOLD: Final = "<LegalHold><Status>{}</Status></LegalHold>"


def policy(bucket: str, *, public: bool, sid: str = "one") -> str:
    """One that lets a stranger read a corner of the bucket, or everybody read and list it."""
    if not public:
        arn = f"arn:aws:iam::{account_number('zoe')}:user/zoe"
        statements: list[Any] = [_allow(sid, {"AWS": arn}, "s3:GetObject", f"{bucket}/zoe/*")]
    else:
        statements = [
            _allow(sid, "*", "s3:GetObject", f"{bucket}/*"),
            _allow(sid + "b", "*", "s3:ListBucket", bucket),
        ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _allow(sid: str, who: Any, action: str, resource: str) -> dict[str, Any]:
    name = f"arn:aws:s3:::{resource}"
    return {"Sid": sid, "Effect": "Allow", "Principal": who, "Action": action, "Resource": name}


@dataclass(frozen=True)
class Place:
    """A bucket with something of everything in it."""

    bucket: str
    version: str
    """Of `kept`: not the current one."""
    upload: str
    etag: str
    """Of the upload's only part."""


class World:
    """Buckets as they are wanted, made anew when something changed them."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.callers: dict[str, Credentials | None] = {}
        self._places: dict[str, Place] = {}
        self._made = 0
        self._watcher = apsw.Connection(str(wire.path / "catalog.db"))
        self._version: object = None
        self._state = ""

    def close(self) -> None:
        self._watcher.close()

    async def people(self) -> None:
        """Everybody there is. Keys and grants that speak of a bucket are made with it."""
        wire, engine = self.wire, self.wire.backend.engine
        alice = await wire.make_user("alice")
        await accounts.create_org(engine, "acme")
        for role in ("owner", "admin", "member", "reader"):
            self.callers[f"org {role}"] = await wire.make_user(f"org-{role}")
            await accounts.put_member(engine, "acme", f"org-{role}", role)
        for level in accounts.LEVELS:
            self.callers[f"grantee {level}"] = await wire.make_user(f"grantee-{level}")
        self.callers |= {
            "root": wire.root,
            "owner": alice,
            "read-only key": await wire.make_key("alice", read_only=True),
            "key of another bucket": await wire.make_key("alice", buckets=["another"]),
            "session": await self._session(),
            "other": await wire.make_user("bob"),
        }
        self.callers |= dict.fromkeys(name for name in COLUMNS if name.startswith("anonymous"))

    async def _session(self) -> Credentials:
        parent = await self.wire.stored.find(self.wire.keys["alice"].access_key)
        assert parent is not None
        document = json.dumps({"Version": "2012-10-17", "Statement": [SESSION]})
        made, token = self.wire.sessions.make(parent, timedelta(hours=1), policy=document)
        return Credentials(made.access_key, made.secret_key, token)

    async def place(self, kind: str) -> Place:
        if kind not in self._places:
            self._places[kind] = await self._make(kind)
        return self._places[kind]

    async def state(self) -> str:
        """A digest of all that the catalog knows."""
        version = self._watcher.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._state = await self.wire.backend.engine.catalog.scan(_digest)
        self._version = version
        return self._state

    def spoil(self, kind: str) -> None:
        """A place of that kind was changed: the next to ask gets another."""
        del self._places[kind]

    async def _make(self, kind: str) -> Place:
        self._made += 1
        name = f"{kind}-{self._made}"
        is_org = kind == "org"
        engine = replace(self.wire.backend.engine, owner="org:acme" if is_org else "alice")
        await buckets.create(engine, name, Versioning.ENABLED, exclusive=True, locked=True)
        owner = self.callers["org owner" if is_org else "owner"]
        for level in () if is_org else accounts.LEVELS:
            await accounts.put_grant(engine, name, f"user:grantee-{level}", level)
        if kind == "private":
            key = await self.wire.make_key("alice", buckets=[name])
            self.callers["key of this bucket"] = key
        if kind == "public":
            await buckets.set_public_access(engine, name, True)
        return await self._furnish(owner, name, kind)

    async def _furnish(self, owner: Credentials | None, name: str, kind: str) -> Place:
        canned = {"x-amz-acl": "public-read"} if kind == "listed" else {}
        held = {"x-amz-object-lock-legal-hold": "ON", **canned}
        documents = {
            "cors": CORS,
            "tagging": TAGGING.format("red"),
            "lifecycle": LIFECYCLE.format(1),
            "ownershipControls": OWNERSHIP.format("ObjectWriter"),
            "publicAccessBlock": BLOCK.format("false"),
            "policy": policy(name, public=kind == "policed"),
        }
        for query, document in documents.items():
            await self._done(owner, "PUT", f"/{name}", query, body=document.encode())
        if kind == "listed":
            await self._done(owner, "PUT", f"/{name}", "acl", headers=canned)
        first = await self._done(owner, "PUT", f"/{name}/kept", headers=canned, body=b"first")
        await self._done(owner, "PUT", f"/{name}/kept", headers=canned, body=CONTENT)
        await self._done(owner, "PUT", f"/{name}/held", headers=held, body=CONTENT)
        retention = RETENTION.format(2099).encode()
        await self._done(owner, "PUT", f"/{name}/held", "retention", body=retention)
        begun = await self._done(owner, "POST", f"/{name}/kept", "uploads", headers=canned)
        found = re.search(b"<UploadId>(.*)</UploadId>", begun.body)
        assert found is not None
        upload = found[1].decode()
        part = await self._done(
            owner, "PUT", f"/{name}/kept", f"uploadId={upload}&partNumber=1", body=CONTENT
        )
        version, etag = first.header("x-amz-version-id"), part.header("etag")
        assert version is not None
        assert etag is not None
        return Place(name, version, upload, etag)

    async def _done(self, owner: Credentials | None, *args: str, **options: Any) -> Answer:
        method, path, *rest = args
        answer = await self.wire.send(owner, method, path, *rest, **options)
        assert answer.status in (200, 204), (args, answer)
        return answer


def _digest(reads: Reads) -> str:
    found = hashlib.sha256()
    for (table,) in reads.all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"):
        found.update(repr((table, reads.all(f'SELECT * FROM "{table}"'))).encode())
    return found.hexdigest()


def md5(body: bytes) -> str:
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
