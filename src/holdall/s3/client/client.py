"""The operations of S3 that Holdall uses, each as one method."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType, TracebackType
from typing import ClassVar, Final, NamedTuple, Self, TypeVar

import aiohttp

from holdall.core.errors import HoldallError, InvalidArgument, RevisionNotFound
from holdall.s3 import federation
from holdall.s3.client import answers, sums
from holdall.s3.client.address import Endpoint, copy_source
from holdall.s3.client.answers import UNWRITABLE
from holdall.s3.client.bodies import Body
from holdall.s3.client.download import Download
from holdall.s3.client.failures import Refusal, garbled, refused
from holdall.s3.client.request import Query, Request
from holdall.s3.client.retrying import Retries
from holdall.s3.client.sender import Patience, Sender
from holdall.s3.client.values import (
    Answer,
    Deleted,
    Head,
    Listed,
    ListedBucket,
    Listing,
    PartPage,
    SentPart,
    Stored,
    Unfinished,
    UploadPage,
    answered_at,
    unquoted,
)
from holdall.s3.errors import CODES, S3Error
from holdall.s3.federation import Granted, Wish
from holdall.s3.signing import Credentials, presign
from holdall.s3.xml import Element, render

Value = TypeVar("Value")
Headers = Mapping[str, str]
Named = tuple[str, str | None]
"""A key and a version of it, None for the current one."""

NONE: Final[Headers] = MappingProxyType({})
DEFAULT_REGION: Final = "us-east-1"
RETRIES: Final = Retries()
PATIENCE: Final = Patience()
PAGE: Final = 1000
"""Entries of a listing, and keys of a deletion, in one request at most."""


class S3Client:
    """Speaks S3 to one endpoint. Constructed without I/O; closed with `aclose`.

    `credentials` None sends unsigned requests. `path_style` False puts buckets into the host
    name where they fit. A `session` that is handed in is used without its middlewares and never
    closed. Bodies in memory are signed with their SHA-256, over TLS with UNSIGNED-PAYLOAD.

    Errors are those of `holdall.core.errors`, with the facts `code`, `status` and
    `request_id` beside `bucket` and `key`. Failures that may pass are retried, each request
    with the same effect as once, save that a change whose answer was lost may be made twice
    where S3 keeps versions: that is how S3 is. A conditional change is never sent again once it
    may have been made. Where the outcome cannot be known, `OutcomeUnknown`. Methods may be
    called from many tasks of one event loop at once.

    `headers` of a method are added to the request, by lower-case name, as S3 documents them:
    `content-type`, `x-amz-meta-…`, `if-none-match`, …
    """

    SENDER: ClassVar[type[Sender]] = Sender
    """What sends the requests."""

    def __init__(
        self,
        endpoint_url: str,
        credentials: Credentials | None,
        *,
        region: str = DEFAULT_REGION,
        path_style: bool = True,
        session: aiohttp.ClientSession | None = None,
        connections: int = 64,
        retries: Retries = RETRIES,
        patience: Patience = PATIENCE,
    ) -> None:
        self._sender = self.SENDER(
            Endpoint.parse(endpoint_url, path_style=path_style),
            credentials,
            region=region,
            session=session,
            connections=connections,
            retries=retries,
            patience=patience,
        )

    @property
    def clock_skew(self) -> timedelta:
        """How far the server's clock is ahead of ours, as far as its answers told."""
        return self._sender.clock_skew

    async def aclose(self) -> None:
        """Let go of the connections. Harmless when repeated."""
        await self._sender.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def request(
        self,
        method: str,
        bucket: str | None = None,
        key: str | None = None,
        query: Query = (),
        headers: Headers = NONE,
        body: bytes | Body = b"",
        *,
        xml: bool = False,
    ) -> Answer:
        """Any request at all, answered whole; with `xml` its body is read as a tree too."""
        sent = Body.of(body) if isinstance(body, bytes) else body
        return await self._sender.request(
            Request(method, bucket, key, query, headers, sent, xml=xml)
        )

    async def _read(
        self, reader: Callable[[Element], Value], request: Request
    ) -> tuple[Answer, Value]:
        """An answer, and what `reader` makes of its body. `StoreError` where it cannot."""
        answer = await self._sender.request(request)
        try:
            return answer, reader(answer.tree)
        except S3Error as error:
            raise garbled(request.facts, changes=request.changes).error from error

    def sign_url(
        self, method: str, bucket: str, key: str, *, expires: int, query: Query = ()
    ) -> str:
        """A URL that is good for this request for so many seconds (1 to 604,800)."""
        sender = self._sender
        if sender.credentials is None:
            raise InvalidArgument("without credentials nothing can be signed")
        address = sender.endpoint.address(bucket, key, query)
        signature = presign(
            sender.credentials,
            method,
            address.path,
            address.query,
            {"host": address.host},
            expires,
            sender.region,
            "s3",
            sender.now(),
        )
        return str(sender.endpoint.address(bucket, key, (*query, *signature.items())).url)

    @property
    def endpoint_url(self) -> str:
        return self._sender.endpoint.url

    @property
    def region(self) -> str:
        return self._sender.region

    @property
    def credentials(self) -> Credentials | None:
        return self._sender.credentials

    async def federate(self, provider: str, bucket: str, wish: Wish) -> Granted:
        """Credentials for one bucket, of the token service that the `provider`, "aws" or "minio",
        has (STS GetFederationToken, AssumeRole). `NotSupported` where it makes none."""
        sender = self._sender
        if sender.credentials is None:
            raise InvalidArgument("without credentials nothing can be signed")
        place = _Place(provider, bucket, sender.region, sender.endpoint.url)
        request = federation.request(place, sender.credentials, wish, sender.now())
        found = federation.granted((await sender.exchange(request)).content)
        if found is None:
            raise garbled({"bucket": bucket}, changes=False).error
        return found

    # buckets

    async def list_buckets(self) -> AsyncGenerator[ListedBucket, None]:
        """S3 ListBuckets, page by page."""
        after: str | None = ""
        while after is not None:
            query = (("continuation-token", after),) if after else ()
            request = Request("GET", query=query, xml=True)
            _, (found, after) = await self._read(answers.buckets, request)
            for bucket in found:
                yield bucket

    async def create_bucket(self, bucket: str, *, headers: Headers = NONE) -> None:
        """S3 CreateBucket, in the client's region. `BucketExists`."""
        region = self._sender.region
        constraint = [("LocationConstraint", region)]
        body = b"" if region == DEFAULT_REGION else render("CreateBucketConfiguration", constraint)
        await self.request("PUT", bucket, headers=headers, body=body)

    async def head_bucket(self, bucket: str) -> Headers:
        """S3 HeadBucket; its headers. `BucketNotFound`."""
        return (await self.request("HEAD", bucket)).headers

    async def delete_bucket(self, bucket: str) -> None:
        """S3 DeleteBucket. `BucketNotFound`, `BucketNotEmpty`."""
        await self.request("DELETE", bucket)

    async def get_versioning(self, bucket: str) -> str | None:
        """S3 GetBucketVersioning: `Enabled`, `Suspended`, or None: it never was enabled."""
        query = (("versioning", ""),)
        request = Request("GET", bucket, query=query, xml=True)
        _, status = await self._read(answers.versioning, request)
        return status

    async def set_versioning(self, bucket: str, status: str) -> None:
        """S3 PutBucketVersioning: `Enabled` or `Suspended`."""
        body = render("VersioningConfiguration", [("Status", status)])
        await self.configure(bucket, (("versioning", ""),), body)

    async def configure(self, bucket: str, query: Query, body: bytes) -> None:
        """Replace one of a bucket's documents, such as S3 PutBucketPolicy does."""
        await self.request("PUT", bucket, query=query, headers=_md5(body), body=body)

    # objects

    async def put(
        self, bucket: str, key: str, body: bytes | Body, *, headers: Headers = NONE
    ) -> Stored:
        """S3 PutObject, up to 5 GiB. A `Body.stream` is sent once and never retried."""
        sent = Body.of(body) if isinstance(body, bytes) else body
        request = Request("PUT", bucket, key, (), headers, sent, payload=True)
        return Stored.of(await self._sender.request(request))

    async def get(
        self,
        bucket: str,
        key: str,
        *,
        start: int = 0,
        end: int | None = None,
        version: str | None = None,
        headers: Headers = NONE,
    ) -> Download:
        """S3 GetObject, of the bytes `start` to `end` (exclusive), whichever are there.

        `InvalidArgument` with the code `InvalidRange` when `start` is not before the end.
        """
        if start < 0 or (end is not None and end <= start):
            raise InvalidArgument(f"no range of bytes: {start} to {end}", key=key)
        asked: Headers = {"x-amz-checksum-mode": "ENABLED"}
        if start or end is not None:
            asked = {"range": f"bytes={start}-{'' if end is None else end - 1}"}
        request = Request("GET", bucket, key, _of_version(version), {**asked, **headers})
        response = await self._sender.open(request)
        return Download(self._sender, request, response)

    async def read(
        self, bucket: str, key: str, *, version: str | None = None, headers: Headers = NONE
    ) -> Answer:
        """S3 GetObject, of few bytes, which are compared with the checksum that comes with them.

        `Corrupt`; `InvalidArgument` with the status 413 where they may be too many.
        """
        query, asked = _of_version(version), {"x-amz-checksum-mode": "ENABLED", **headers}
        request = Request("GET", bucket, key, query, asked, small=True)
        answer = await self._sender.request(request)
        sums.verify(answer, request)
        return answer

    async def head(
        self, bucket: str, key: str, *, version: str | None = None, headers: Headers = NONE
    ) -> Head:
        """S3 HeadObject."""
        answer = await self.request("HEAD", bucket, key, _of_version(version), headers)
        return Head.of(answer.headers)

    async def delete(
        self, bucket: str, key: str, *, version: str | None = None, headers: Headers = NONE
    ) -> Deleted:
        """S3 DeleteObject. An object that is not there is no error."""
        answer = await self.request("DELETE", bucket, key, _of_version(version), headers)
        return Deleted.of(answer.headers)

    async def delete_many(
        self, bucket: str, named: Iterable[str | Named]
    ) -> Mapping[Named, HoldallError]:
        """S3 DeleteObjects, 1000 a request; what could not be deleted, and why.

        Keys that XML cannot write are deleted one by one.
        """
        done = await self._delete(bucket, named, quiet=True)
        return {each: error for each, error in done.items() if isinstance(error, HoldallError)}

    async def delete_each(
        self, bucket: str, named: Iterable[str | Named]
    ) -> Mapping[Named, Deleted | HoldallError]:
        """The same, with what became of each."""
        return await self._delete(bucket, named, quiet=False)

    async def _delete(
        self, bucket: str, named: Iterable[str | Named], *, quiet: bool
    ) -> Mapping[Named, Deleted | HoldallError]:
        wanted = [(each, None) if isinstance(each, str) else each for each in named]
        odd = [each for each in wanted if UNWRITABLE.search(each[0])]
        plain = [each for each in wanted if not UNWRITABLE.search(each[0])]
        done: dict[Named, Deleted | HoldallError] = {}
        for at in range(0, len(plain), PAGE):
            done |= await self._delete_page(bucket, plain[at : at + PAGE], quiet)
        for key, version in odd:
            try:
                done[key, version] = await self.delete(bucket, key, version=version)
            except HoldallError as error:
                done[key, version] = error
        return done

    async def _delete_page(
        self, bucket: str, named: Sequence[Named], quiet: bool
    ) -> Mapping[Named, Deleted | HoldallError]:
        body = answers.deletion(named, quiet=quiet)
        query, sent = (("delete", ""),), Body.of(body)
        request = Request("POST", bucket, None, query, _md5(body), sent, xml=True)
        answer, (done, left) = await self._read(answers.deletions, request)
        at = answered_at(answer.headers)
        return {each: Deleted(is_marker, made, at) for each, (is_marker, made) in done.items()} | {
            (key, version): _refused(bucket, key, version, code, message)
            for (key, version), (code, message) in left.items()
        }

    async def copy(
        self,
        bucket: str,
        key: str,
        to_bucket: str,
        to_key: str,
        *,
        version: str | None = None,
        headers: Headers = NONE,
    ) -> Stored:
        """S3 CopyObject, up to 5 GiB. Errors name the target, whichever of them it was."""
        said = {"x-amz-copy-source": copy_source(bucket, key, version), **headers}
        request = Request("PUT", to_bucket, to_key, (), said, xml=True)
        answer, etag = await self._read(answers.etag, request)
        return Stored.of(answer, etag)

    async def get_tags(self, bucket: str, key: str, *, version: str | None = None) -> Headers:
        """S3 GetObjectTagging."""
        query = (("tagging", ""), *_of_version(version))
        request = Request("GET", bucket, key, query, xml=True)
        _, tags = await self._read(answers.tags, request)
        return tags

    async def set_tags(
        self, bucket: str, key: str, tags: Headers, *, version: str | None = None
    ) -> None:
        """S3 PutObjectTagging."""
        pairs = [("Tag", [("Key", name), ("Value", value)]) for name, value in tags.items()]
        body = render("Tagging", [("TagSet", pairs)])
        query = (("tagging", ""), *_of_version(version))
        await self.request("PUT", bucket, key, query, _md5(body), body)

    # listings

    async def list(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        after: str = "",
        token: str | None = None,
        limit: int = PAGE,
    ) -> Listing:
        """A page of S3 ListObjectsV2: what comes after the key `after`, or after a page."""
        query = (
            ("list-type", "2"),
            *_page(prefix, delimiter, limit),
            *((("start-after", after),) if after and token is None else ()),
            *((("continuation-token", token),) if token is not None else ()),
        )
        request = Request("GET", bucket, None, query, xml=True)
        _, page = await self._read(answers.listing, request)
        return page

    async def list_versions(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        marker: tuple[str, str] = ("", ""),
        limit: int = PAGE,
    ) -> Listing:
        """A page of S3 ListObjectVersions: what comes after a key and a version of it."""
        key, version = marker
        query = (
            ("versions", ""),
            *_page(prefix, delimiter, limit),
            *((("key-marker", key),) if key else ()),
            *((("version-id-marker", version),) if version else ()),
        )
        request = Request("GET", bucket, None, query, xml=True)
        _, page = await self._read(answers.versions, request)
        return page

    async def each(self, bucket: str, *, prefix: str = "") -> AsyncGenerator[Listed, None]:
        """All objects below a prefix, page by page."""
        token: str | None = None
        while True:
            page = await self.list(bucket, prefix=prefix, token=token)
            for entry in page.entries:
                yield entry
            if (token := page.token) is None:
                return

    async def each_version(self, bucket: str, *, prefix: str = "") -> AsyncGenerator[Listed, None]:
        """All versions and delete markers below a prefix, page by page."""
        marker: tuple[str, str] | None = ("", "")
        while marker is not None:
            page = await self.list_versions(bucket, prefix=prefix, marker=marker)
            for entry in page.entries:
                yield entry
            marker = page.marker

    # uploads

    async def create_upload(self, bucket: str, key: str, *, headers: Headers = NONE) -> str:
        """S3 CreateMultipartUpload; its id."""
        query = (("uploads", ""),)
        request = Request("POST", bucket, key, query, headers, xml=True)
        _, id = await self._read(answers.upload_id, request)
        return id

    async def put_part(
        self,
        bucket: str,
        key: str,
        upload: str,
        number: int,
        body: bytes | Body,
        *,
        headers: Headers = NONE,
    ) -> SentPart:
        """S3 UploadPart. `UploadNotFound`."""
        sent = Body.of(body) if isinstance(body, bytes) else body
        query = (("partNumber", str(number)), ("uploadId", upload))
        request = Request("PUT", bucket, key, query, headers, sent, payload=True)
        answer = await self._sender.request(request)
        etag = unquoted(answer.headers.get("etag", ""))
        return SentPart(number, etag, sent.size, answered_at(answer.headers))

    async def copy_part(
        self,
        bucket: str,
        key: str,
        upload: str,
        number: int,
        source: tuple[str, str],
        *,
        version: str | None = None,
        span: tuple[int, int] | None = None,
        headers: Headers = NONE,
    ) -> SentPart:
        """S3 UploadPartCopy, of a blob named by bucket and key, or of a range of it."""
        said = {"x-amz-copy-source": copy_source(*source, version), **headers}
        if span is not None:
            said["x-amz-copy-source-range"] = f"bytes={span[0]}-{span[1] - 1}"
        query = (("partNumber", str(number)), ("uploadId", upload))
        request = Request("PUT", bucket, key, query, said, xml=True)
        answer, etag = await self._read(answers.etag, request)
        size = 0 if span is None else span[1] - span[0]
        return SentPart(number, etag, size, answered_at(answer.headers))

    async def complete_upload(
        self,
        bucket: str,
        key: str,
        upload: str,
        parts: Sequence[SentPart],
        *,
        headers: Headers = NONE,
    ) -> Stored:
        """S3 CompleteMultipartUpload, of parts by ascending number."""
        body, query = Body.of(answers.completion(parts)), (("uploadId", upload),)
        request = Request("POST", bucket, key, query, headers, body, xml=True)
        answer, etag = await self._read(answers.etag, request)
        return Stored.of(answer, etag)

    async def abort_upload(self, bucket: str, key: str, upload: str) -> None:
        """S3 AbortMultipartUpload. `UploadNotFound`."""
        await self.request("DELETE", bucket, key, (("uploadId", upload),))

    async def list_parts(
        self, bucket: str, key: str, upload: str, *, after: int = 0, limit: int = PAGE
    ) -> PartPage:
        """A page of S3 ListParts. `UploadNotFound`."""
        query = (
            ("max-parts", str(limit)),
            ("part-number-marker", str(after)),
            ("uploadId", upload),
        )
        request = Request("GET", bucket, key, query, xml=True)
        _, page = await self._read(answers.part_page, request)
        return page

    async def list_uploads(
        self,
        bucket: str,
        *,
        prefix: str = "",
        after: tuple[str, str] = ("", ""),
        limit: int = PAGE,
    ) -> UploadPage:
        """A page of S3 ListMultipartUploads: what comes after a key and an id."""
        query = (
            ("uploads", ""),
            ("encoding-type", "url"),
            ("max-uploads", str(limit)),
            *((("prefix", prefix),) if prefix else ()),
            *((("key-marker", after[0]), ("upload-id-marker", after[1])) if after[0] else ()),
        )
        request = Request("GET", bucket, None, query, xml=True)
        _, page = await self._read(answers.upload_page, request)
        return page

    async def each_upload(
        self, bucket: str, *, prefix: str = ""
    ) -> AsyncGenerator[Unfinished, None]:
        """All unfinished uploads below a prefix, page by page."""
        after: tuple[str, str] | None = ("", "")
        while after is not None:
            page = await self.list_uploads(bucket, prefix=prefix, after=after)
            for upload in page.uploads:
                yield upload
            after = page.after


class _Place(NamedTuple):
    provider: str
    bucket: str
    region: str
    endpoint: str | None


def _of_version(version: str | None) -> Query:
    if version is None:
        return ()
    if not version:  # a server would take it for the current one
        raise RevisionNotFound("an empty version id names nothing")
    return (("versionId", version),)


def _page(prefix: str, delimiter: str, limit: int) -> Query:
    return (
        ("encoding-type", "url"),
        ("max-keys", str(limit)),
        *((("prefix", prefix),) if prefix else ()),
        *((("delimiter", delimiter),) if delimiter else ()),
    )


def _md5(body: bytes) -> Headers:
    """Asked for beside a body that changes many things; every server knows how to check it."""
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return {"content-md5": base64.b64encode(digest).decode()}


def _refused(bucket: str, key: str, version: str | None, code: str, message: str) -> HoldallError:
    status = CODES[code].status if code in CODES else 500
    facts = {"bucket": bucket, "key": key}
    if version is not None:
        facts["revision"] = version
    return refused(Refusal(status, code, message), {}, facts).error
