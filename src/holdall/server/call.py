"""What the handler of an operation is given, and what it may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Unpack

from holdall.backends.engine import EngineBackend
from holdall.core.errors import NotFound
from holdall.engine.engine import Engine
from holdall.s3.errors import S3Error
from holdall.server import guard
from holdall.server.authorisation import Caller
from holdall.server.body import Body
from holdall.server.buckets import Bucket
from holdall.server.guard import Details
from holdall.server.imports import SETTING, refuse_elsewhere
from holdall.server.request import Request
from holdall.server.routes import Route
from holdall.server.state import State

MAX_XML = 2 * 1024 * 1024
"""Bytes of a request body that is XML: DeleteObjects with 1,000 keys of 1024 escaped bytes,
CompleteMultipartUpload with 10,000 parts."""


@dataclass(slots=True)
class Call:
    """One authenticated request. `store` acts in the caller's name."""

    state: State
    request: Request
    route: Route
    caller: Caller
    body: Body
    found: Bucket | None = None

    @property
    def bucket(self) -> Bucket:
        assert self.found is not None, "operations on buckets are given one"
        return self.found

    @property
    def key(self) -> str:
        key = self.request.target.key
        assert key is not None, "operations on objects are given a key"
        return key

    @property
    def engine(self) -> Engine:
        return self.state.engine_of(self.caller.user)

    @property
    def store(self) -> EngineBackend:
        return EngineBackend(self.engine)

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def header(self, name: str) -> str | None:
        return self.request.headers.get(name)

    @property
    def version(self) -> str | None:
        """The version asked for. `InvalidArgument` for an empty one."""
        version = self.request.query.get("versionId")
        if version == "":
            raise S3Error("InvalidArgument", "Version id cannot be the empty string")
        return version

    async def xml_body(self) -> bytes:
        """The body of an operation that needs one. `MalformedXML` when it is empty."""
        body = await self.body.read(MAX_XML)
        if not body:
            raise S3Error("MalformedXML")
        return body

    async def may(
        self, action: str, *, bucket: Bucket | None = None, **details: Unpack[Details]
    ) -> bool:
        """Whether the caller may do this, with the bucket of the request or with another."""
        decision = await guard.judge(
            self.state, self.request, self.caller, bucket or self.bucket, action, **details
        )
        return decision.allowed

    async def require(
        self, action: str, *, bucket: Bucket | None = None, **details: Unpack[Details]
    ) -> None:
        """`AccessDenied` unless `may`."""
        if not await self.may(action, bucket=bucket, **details):
            raise S3Error("AccessDenied")


async def admit(call: Call) -> None:
    """Find the bucket and demand what the operation does. `NoSuchBucket`, `AccessDenied`."""
    route, request = call.route, call.request
    action = guard.action_of(route, request)
    if route.level == "service" or route.makes_bucket:
        guard.admit_without_bucket(call.state, call.caller, request, action, writes=route.writes)
        return
    call.found = await guard.load_bucket(call.state, request, call.caller)
    bucket = call.bucket
    require_owner(call, bucket, "x-amz-expected-bucket-owner")
    if action is not None:
        key = request.target.key
        version = request.query.get("versionId") or None
        allowed = await call.may(
            action, key=key, version=version, acl=route.acl, writes=route.writes
        )
        if not allowed:
            raise await _refusal(call)
    elif SETTING in bucket.settings:  # operations that ask for themselves come too late
        await call.require("s3:ListBucket", acl="READ")
    if route.name != "DeleteBucket":  # which forgets the record of an imported one
        refuse_elsewhere(bucket)
    if action == "s3:PutObject":
        _refuse_version(request)


def _refuse_version(request: Request) -> None:
    """Whoever names one to write believes that it can be replaced. `InvalidArgument`."""
    if "versionId" in request.query:
        raise S3Error(
            "InvalidArgument",
            "This operation does not accept a version-id.",
            ArgumentName="versionId",
            ArgumentValue=request.query["versionId"],
        )


async def _refusal(call: Call) -> S3Error:
    """403; but who may list the bucket is told of what is not there (S3 GetObject), and
    everybody where a bucket is (S3 HeadBucket): that is how clients find its region."""
    if call.route.name == "HeadBucket":
        return S3Error("AccessDenied", headers=(("x-amz-bucket-region", call.state.region),))
    reads = call.route.level == "object" and call.route.acl == "READ" and call.version is None
    if not (reads and await call.may("s3:ListBucket", acl="READ")):
        return S3Error("AccessDenied")
    try:
        await call.store.head(call.bucket.id, call.key)
    except NotFound:
        return S3Error("NoSuchKey", Key=call.key)
    return S3Error("AccessDenied")


def require_owner(call: Call, bucket: Bucket, header: str) -> None:
    """`AccessDenied` unless the bucket's owner is the account that the header expects."""
    expected = call.header(header)
    if expected is not None and expected != call.state.account_of(bucket.owner):
        raise S3Error("AccessDenied")
