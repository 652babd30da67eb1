"""The `aws-chunked` coding of bodies: chunks with a chain of signatures, trailers, or both.

The rules are those of "Transferring Payload in Multiple Chunks" and "Including Trailing
Headers" in the Amazon S3 API reference.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from enum import Enum
from typing import Final

from holdall.core.checksums import digester
from holdall.s3.checksums import LENGTHS, header_name
from holdall.s3.errors import S3Error
from holdall.s3.signing import EMPTY_SHA256, Chain
from holdall.s3.verifying import Claim, chain_of, mismatch

CODING: Final = "aws-chunked"
TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"

LEAST: Final = 8 * 1024
"""Bytes that every chunk but the last must have at least."""

CHUNK: Final = 64 * 1024
"""Bytes in each chunk that is sent, the last excepted."""

LINE: Final = 1024
"""Bytes that the line before a chunk may have."""

SECTION: Final = 16 * 1024
"""Bytes that all trailers may have together."""

_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;([^\r\n]*))?")
_EXTENSION: Final = re.compile(rb"chunk-signature=([0-9a-f]{64})")
_PREFIX: Final = "STREAMING-"


class Framing(Enum):
    """What `x-amz-content-sha256` says of a body that comes in chunks."""

    SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    @property
    def signed(self) -> bool:
        return self is not Framing.UNSIGNED_TRAILER


def framing(headers: Mapping[str, str]) -> Framing | None:
    """How the body is framed; None where it is not. `NotImplemented`, `InvalidArgument`."""
    word = headers.get("x-amz-content-sha256", "")
    if not word.startswith(_PREFIX):
        return None
    if "ECDSA" in word:
        raise S3Error("NotImplemented", "Signatures of chunks by ECDSA are not supported.")
    try:
        return Framing(word)
    except ValueError:
        raise S3Error(
            "InvalidArgument",
            "The value of x-amz-content-sha256 is not known.",
            ArgumentName="x-amz-content-sha256",
            ArgumentValue=word,
        ) from None


def decoded_length(headers: Mapping[str, str]) -> int:
    """The length of the content. `MissingContentLength`, `InvalidArgument`."""
    text = headers.get("x-amz-decoded-content-length")
    if text is None:
        raise S3Error("MissingContentLength")
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise S3Error(
            "InvalidArgument",
            "x-amz-decoded-content-length is not a number.",
            ArgumentName="x-amz-decoded-content-length",
            ArgumentValue=text,
        )
    return int(text)


def announced_trailers(headers: Mapping[str, str]) -> tuple[str, ...]:
    """The names in `x-amz-trailer`, in lower case."""
    names = headers.get("x-amz-trailer", "").lower().split(",")
    return tuple(name.strip() for name in names if name.strip())


def stored_encoding(content_encoding: str | None) -> str | None:
    """The Content-Encoding of the content itself, which `aws-chunked` is no part of."""
    codings = (content_encoding or "").split(",")
    kept = [coding.strip() for coding in codings if coding.strip().lower() not in ("", CODING)]
    return ",".join(kept) or None


def decoder(claim: Claim | None, secret: str | None, headers: Mapping[str, str]) -> Decoder | None:
    """What decodes the body of this request; None where the body is not in chunks.

    `claim` has been verified with `secret`; both are None for an anonymous request, of
    which chunks cannot be signed: `AccessDenied`. Errors as of `framing` and
    `decoded_length`.
    """
    found = framing(headers)
    if found is None:
        return None
    length, trailers = decoded_length(headers), announced_trailers(headers)
    if not found.signed:
        return Decoder(found, length, trailers)
    if claim is None or secret is None:
        raise S3Error("AccessDenied", "Only who signs a request can sign its chunks.")
    return Decoder(found, length, trailers, chain_of(claim, secret), claim.access_key)


class Decoder:
    """Takes the content out of a body in chunks, in pieces of any size.

    Data are handed on as they arrive, before the signature of their chunk can be known:
    a chunk may be larger than memory. So nothing that was decoded counts before `finish`
    has returned. It keeps no more than one line, or the trailers.
    """

    def __init__(
        self,
        framing: Framing,
        length: int,
        trailers: tuple[str, ...] = (),
        chain: Chain | None = None,
        access_key: str = "",
    ) -> None:
        """`length` is what the chunks must come to; `trailers` names all that must come.

        `chain` signs the chunks of a framing that is signed, with the key `access_key`.
        """
        self._framing = framing
        self._length = length
        self._announced = trailers
        self._chain = chain
        self._access_key = access_key
        self._state: Callable[[bytes, int, list[bytes]], int] = self._read_line
        self._on_line = self._begin
        self._held = bytearray()
        self._left = 0  # bytes still to come of this chunk
        self._size = LEAST  # of this chunk, or of the one before it
        self._count = 0  # of the chunks begun
        self._total = 0  # bytes in them
        self._digest = hashlib.sha256()
        self._claimed = ""  # the signature that this chunk came with

    def feed(self, data: bytes) -> list[bytes]:
        """The content in the next bytes of the body.

        `IncompleteBody` for what is not in this coding or longer than announced,
        `InvalidChunkSizeError`, `SignatureDoesNotMatch`, `MalformedTrailerError`.
        """
        found: list[bytes] = []
        at = 0
        while at < len(data):
            at = self._state(data, at, found)
        return found

    def finish(self) -> Mapping[str, str]:
        """The trailers by lower-case name, when the body has ended.

        `IncompleteBody` for one that ended early, `MalformedTrailerError` for trailers that
        are not those announced, `SignatureDoesNotMatch` for what they are signed with.
        """
        section = bytes(self._held)
        if self._state != self._read_end or not _ended(section):
            raise S3Error("IncompleteBody")
        if self._total != self._length:
            raise S3Error("IncompleteBody")
        trailers = _parsed(section)
        claimed = trailers.pop(TRAILER_SIGNATURE, None)
        self._require_announced(trailers)
        if self._framing is Framing.SIGNED_TRAILER:
            self._require_signed(trailers, claimed or "")
        return trailers

    def _read_line(self, data: bytes, at: int, found: list[bytes]) -> int:
        end = data.find(b"\n", at, at + LINE + 1) + 1
        self._held += data[at : end or at + LINE + 1]
        if len(self._held) > LINE:
            raise malformed()
        if not end:
            return len(data)
        if self._held[-2:] != b"\r\n":
            raise malformed()
        line = bytes(self._held[:-2])
        self._held.clear()
        self._on_line(line)
        return end

    def _begin(self, line: bytes) -> None:
        match = _HEAD.fullmatch(line)
        if match is None:
            raise malformed()
        size = int(match[1], 16)
        if size and self._size < LEAST:
            raise S3Error(
                "InvalidChunkSizeError", Chunk=str(self._count), BadChunkSize=str(self._size)
            )
        self._total += size
        if self._total > self._length:
            raise S3Error("IncompleteBody", "More bytes came than were announced.")
        self._claimed = _claimed(match[2]) if self._framing.signed else ""
        self._count += 1
        self._left = self._size = size
        self._state = self._read_data if size else self._read_end
        if not size:
            self._check_chunk()

    def _read_data(self, data: bytes, at: int, found: list[bytes]) -> int:
        whole = at == 0 and len(data) <= self._left
        piece = data if whole else data[at : at + self._left]
        self._left -= len(piece)
        if self._chain is not None:
            self._digest.update(piece)
        found.append(piece)
        if not self._left:
            self._check_chunk()
            self._state, self._on_line = self._read_line, self._end_chunk
        return at + len(piece)

    def _end_chunk(self, line: bytes) -> None:
        if line:
            raise malformed()
        self._on_line = self._begin

    def _read_end(self, data: bytes, at: int, found: list[bytes]) -> int:
        self._held += data[at : at + SECTION + 1]
        if len(self._held) > SECTION:
            raise S3Error("MalformedTrailerError")
        return len(data)

    def _check_chunk(self) -> None:
        if self._chain is None:
            return
        digest = self._digest.hexdigest() if self._size else EMPTY_SHA256
        self._digest = hashlib.sha256()
        self._compare(self._chain.chunk(digest), self._claimed)

    def _require_announced(self, trailers: Mapping[str, str]) -> None:
        if set(trailers) != set(self._announced):
            raise S3Error("MalformedTrailerError")

    def _require_signed(self, trailers: Mapping[str, str], claimed: str) -> None:
        assert self._chain is not None, "a signed framing has a chain"
        lines = [f"{name}:{value}\n" for name, value in sorted(trailers.items())]
        self._compare(self._chain.trailer("".join(lines).encode("latin-1")), claimed)

    def _compare(self, ours: str, claimed: str) -> None:
        if not hmac.compare_digest(ours.encode(), claimed.encode()):
            assert self._chain is not None, "only a chain has a signature to compare"
            raise mismatch(self._access_key, claimed, self._chain.signed)


def malformed() -> S3Error:
    return S3Error("IncompleteBody", "The body is not well-formed aws-chunked.")


def _claimed(extension: bytes | None) -> str:
    match = _EXTENSION.fullmatch(extension or b"")
    if match is None:
        raise malformed()
    return match[1].decode()


def _ended(section: bytes) -> bool:
    """Whether an empty line ends what follows the last chunk."""
    return section == b"\r\n" or section.endswith(b"\n\r\n")


def _parsed(section: bytes) -> dict[str, str]:
    """The trailers. Some clients put empty lines between them, or end lines with a mere LF."""
    trailers: dict[str, str] = {}
    for line in section.decode("latin-1").split("\n"):
        text = line.removesuffix("\r")
        name, colon, value = text.partition(":")
        if not text:
            continue
        if not colon or name.lower() in trailers:
            raise S3Error("MalformedTrailerError")
        trailers[name.strip().lower()] = value.strip()
    return trailers


class Encoder:
    """A body in chunks, of what `source` gives, to be sent as it is iterated over.

    `chain` signs the chunks; `algorithm` names a checksum that is computed on the way and
    sent behind them.
    """

    def __init__(
        self,
        source: AsyncIterable[bytes | memoryview],
        *,
        chain: Chain | None = None,
        algorithm: str | None = None,
    ) -> None:
        self._source = source
        self._chain = chain
        self._algorithm = algorithm
        self._digester = digester(algorithm) if algorithm else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in _rechunked(self._source):
            if self._digester is not None:
                self._digester.update(chunk)
            yield b"".join((self._head(chunk), chunk, b"\r\n"))
        yield self._head(b"") + self._trailers() + b"\r\n"

    def _head(self, chunk: bytes) -> bytes:
        if self._chain is None:
            return b"%x\r\n" % len(chunk)
        proof = self._chain.chunk(hashlib.sha256(chunk).hexdigest())
        return b"%x;chunk-signature=%s\r\n" % (len(chunk), proof.encode())

    def _trailers(self) -> bytes:
        if self._algorithm is None or self._digester is None:
            return b""
        value = base64.b64encode(self._digester.digest()).decode()
        line = f"{header_name(self._algorithm)}:{value}"
        if self._chain is None:
            return f"{line}\r\n".encode()
        proof = self._chain.trailer(f"{line}\n".encode())
        return f"{line}\r\n{TRAILER_SIGNATURE}:{proof}\r\n".encode()


async def _rechunked(source: AsyncIterable[bytes | memoryview]) -> AsyncIterator[bytes]:
    """The same bytes in pieces of `CHUNK`, but for the last: S3 refuses small ones."""
    held = bytearray()
    async for piece in source:
        held += piece
        at = 0
        while len(held) - at >= CHUNK:
            yield bytes(held[at : at + CHUNK])
            at += CHUNK
        del held[:at]
    if held:
        yield bytes(held)


def encoded_length(length: int, *, signed: bool, algorithm: str | None = None) -> int:
    """The length that an `Encoder` gives to a content of `length` bytes."""
    extension = len(";chunk-signature=") + 64 if signed else 0

    def chunk(size: int) -> int:
        return len(f"{size:x}\r\n") + extension + size + len("\r\n")

    full, rest = divmod(length, CHUNK)
    content = full * chunk(CHUNK) + (chunk(rest) if rest else 0)
    return content + chunk(0) + _trailer_length(signed, algorithm)


def _trailer_length(signed: bool, algorithm: str | None) -> int:
    if algorithm is None:
        return 0
    value = -(-LENGTHS[algorithm] // 3) * 4
    proof = len(f"{TRAILER_SIGNATURE}:\r\n") + 64 if signed else 0
    return len(f"{header_name(algorithm)}:\r\n") + value + proof


def framing_headers(length: int, *, signed: bool, algorithm: str | None = None) -> dict[str, str]:
    """The headers that announce the body of an `Encoder`, `content-length` among them.

    They are signed with the request, whose payload hash is their `x-amz-content-sha256`.
    """
    plain = Framing.SIGNED if algorithm is None else Framing.SIGNED_TRAILER
    chosen = plain if signed else Framing.UNSIGNED_TRAILER
    headers = {
        "content-encoding": CODING,
        "content-length": str(encoded_length(length, signed=signed, algorithm=algorithm)),
        "x-amz-content-sha256": chosen.value,
        "x-amz-decoded-content-length": str(length),
    }
    if algorithm is not None:
        headers["x-amz-trailer"] = header_name(algorithm)
    return headers
