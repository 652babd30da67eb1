"""Bodies in chunks: taken apart however they arrive, refused when anything is missing."""

from __future__ import annotations

import base64
import tracemalloc
from collections.abc import AsyncIterator, Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.core.checksums import digester
from holdall.s3 import chunked, verifying
from holdall.s3.chunked import CHUNK, LEAST, Decoder, Encoder, Framing
from holdall.s3.errors import S3Error
from holdall.s3.signing import Chain, Credentials, Scope, sign_headers, signing_key
from tests.s3.refusals import NOW, SECRET, refused

SCOPE = Scope("20130524", "us-east-1", "s3")
TRAILER = "x-amz-checksum-crc32c"

SEED = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
SIGNED = (
    b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature="
    b"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n"
    + b"a"
    * 1024
    + b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n"
    b"\r\n"
)
TRAILER_SEED = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
SIGNED_TRAILER = (
    b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n"
    + b"a" * 65536
    + b"\r\n400;chunk-signature="
    b"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n"
    + b"a"
    * 1024
    + b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n"
    b"x-amz-checksum-crc32c:sOO8/Q==\r\n"
    b"x-amz-trailer-signature:"
    b"d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"
)
UNSIGNED = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:mnG7TA==\r\n\r\n"


def chain(seed: str = SEED) -> Chain:
    return Chain(signing_key(SECRET, SCOPE), "20130524T000000Z", SCOPE, seed)


def signed_decoder() -> Decoder:
    return Decoder(Framing.SIGNED, 66560, (), chain())


def trailer_decoder() -> Decoder:
    return Decoder(Framing.SIGNED_TRAILER, 66560, (TRAILER,), chain(TRAILER_SEED))


def unsigned_decoder(length: int = 5, trailers: tuple[str, ...] = (TRAILER,)) -> Decoder:
    return Decoder(Framing.UNSIGNED_TRAILER, length, trailers)


def decoded(decoder: Decoder, pieces: Iterable[bytes]) -> tuple[bytes, Mapping[str, str]]:
    found = [part for piece in pieces for part in decoder.feed(piece)]
    return b"".join(found), decoder.finish()


def test_the_published_bodies() -> None:
    assert decoded(signed_decoder(), [SIGNED]) == (b"a" * 66560, {})
    found = decoded(trailer_decoder(), [SIGNED_TRAILER])
    assert found == (b"a" * 66560, {TRAILER: "sOO8/Q=="})


def test_a_chain_that_begins_elsewhere_is_refused() -> None:
    decoder = Decoder(Framing.SIGNED, 66560, (), chain("0" * 64), "AKID")
    error = refused("SignatureDoesNotMatch", lambda: decoder.feed(SIGNED))
    assert error.facts["AWSAccessKeyId"] == "AKID"
    assert error.facts["StringToSign"].startswith("AWS4-HMAC-SHA256-PAYLOAD\n")


@pytest.mark.parametrize("step", [1, 2, 3, 7, 100, 1023, 65536, 10**6])
def test_pieces_of_any_size(step: int) -> None:
    for make, body in ((signed_decoder, SIGNED), (trailer_decoder, SIGNED_TRAILER)):
        pieces = [body[at : at + step] for at in range(0, len(body), step)]
        assert decoded(make(), pieces)[0] == b"a" * 66560


@given(st.data())
def test_every_split_gives_the_same(data: st.DataObject) -> None:
    sizes = data.draw(st.lists(st.integers(LEAST, 3 * LEAST), max_size=3))
    contents = [bytes([65 + index]) * size for index, size in enumerate(sizes)]
    contents.append(data.draw(st.binary(min_size=1, max_size=99)))
    body = b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in contents)
    body += b"0\r\nX-Amz-Checksum-CRC32C: AAAAAA== \r\n\r\n"
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=40).map(sorted))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    whole = b"".join(contents)
    assert decoded(unsigned_decoder(len(whole)), pieces) == (whole, {TRAILER: "AAAAAA=="})


def test_a_body_cut_anywhere_is_refused() -> None:
    content = b"z" * LEAST
    body = b"2000\r\n" + content + b"\r\n" + UNSIGNED
    for end in range(len(body)):
        refused(
            "IncompleteBody",
            lambda end=end: decoded(unsigned_decoder(LEAST + 5), [body[:end]]),
        )
    assert decoded(unsigned_decoder(LEAST + 5), [body])[0] == content + b"hello"


@pytest.mark.parametrize("body", [SIGNED, SIGNED_TRAILER], ids=["plain", "trailer"])
def test_a_signed_body_cut_anywhere_is_refused(body: bytes) -> None:
    """Fed byte by byte once; at each step but the last it must not be whole."""
    decoder = signed_decoder() if body is SIGNED else trailer_decoder()
    decoder.feed(body[:65536])
    for at in range(65536, len(body)):
        refused("IncompleteBody", decoder.finish)
        decoder.feed(body[at : at + 1])
    decoder.finish()


def test_no_byte_of_a_signed_body_can_be_changed() -> None:
    for at in [*range(200), *range(len(SIGNED_TRAILER) - 1500, len(SIGNED_TRAILER), 3)]:
        body = bytearray(SIGNED_TRAILER)
        body[at] ^= 1
        with pytest.raises(S3Error):
            decoded(trailer_decoder(), [bytes(body)])


def test_chunks_cannot_be_left_out_repeated_or_swapped() -> None:
    first, second = SIGNED[: 65536 + 90], SIGNED[65536 + 90 :]
    assert second.startswith(b"400;")
    for body in (second, first + first + second, first + second[1024 + 90 - 2 :]):
        with pytest.raises(S3Error):
            decoded(signed_decoder(), [body])


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5_\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"\r\n5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloxx0\r\n\r\n",
        b"5\r\nhello0\r\n\r\n",
        b"5\r\nhellojunk\r\n0\r\n\r\n",
        b"4\r\nhello\r\n0\r\n\r\n",
        b"6\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\n",
        b"5" * 2000,
        b"0\r\n\r\n",
        b"",
    ],
)
def test_what_is_not_this_coding(body: bytes) -> None:
    error = refused("IncompleteBody", lambda: decoded(unsigned_decoder(5, ()), [body]))
    assert error.status == 400


@pytest.mark.parametrize(
    "head",
    [
        b"5\r\n",
        b"5;\r\n",
        b"5;chunk-signature=\r\n",
        b"5;chunk-signature=" + b"A" * 64 + b"\r\n",
        b"5;signature=" + b"a" * 64 + b"\r\n",
    ],
)
def test_signed_chunks_need_their_signature(head: bytes) -> None:
    refused("IncompleteBody", lambda: signed_decoder().feed(head))


@pytest.mark.parametrize("length", [4, 6, 0])
def test_the_length_announced_must_be_that_which_comes(length: int) -> None:
    refused("IncompleteBody", lambda: decoded(unsigned_decoder(length), [UNSIGNED]))


def test_more_than_announced_is_refused_before_it_is_handed_on() -> None:
    refused("IncompleteBody", lambda: unsigned_decoder(4).feed(b"5\r\n"))


def test_only_the_last_chunk_may_be_small() -> None:
    small = b"1\r\na\r\n" * 2 + b"0\r\n\r\n"
    error = refused("InvalidChunkSizeError", lambda: unsigned_decoder(2, ()).feed(small))
    assert error.status == 403
    assert error.facts == {"Chunk": "1", "BadChunkSize": "1"}


@pytest.mark.parametrize(
    "section",
    [
        b"\r\n",
        b"x-amz-checksum-crc32:AAAAAA==\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"x-amz-checksum-crc32c:AAAAAA==\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n",
        b"x-amz-checksum-crc32c:AAAAAA==\r\nx-amz-meta-a:1\r\n\r\n",
        b"x" * 20_000,
    ],
)
def test_trailers_must_be_those_announced(section: bytes) -> None:
    body = b"5\r\nhello\r\n0\r\n" + section
    error = refused("MalformedTrailerError", lambda: decoded(unsigned_decoder(), [body]))
    assert error.status == 400


def test_trailers_that_were_not_announced_are_refused() -> None:
    refused("MalformedTrailerError", lambda: decoded(unsigned_decoder(5, ()), [UNSIGNED]))


def test_a_trailer_without_its_signature_is_refused() -> None:
    body = SIGNED_TRAILER[: SIGNED_TRAILER.index(b"x-amz-trailer-signature")] + b"\r\n"
    refused("SignatureDoesNotMatch", lambda: decoded(trailer_decoder(), [body]))


@pytest.mark.parametrize(
    "section",
    [
        b"x-amz-checksum-crc32c:AAAAAA==\n\r\n\r\n",
        b"x-amz-checksum-crc32c:AAAAAA==\n\r\n",
        b"\r\nx-amz-checksum-crc32c:AAAAAA==\r\n\r\n",
        b"X-Amz-Checksum-Crc32c: AAAAAA==\r\n\r\n",
    ],
)
def test_the_ways_in_which_clients_write_trailers(section: bytes) -> None:
    body = b"5\r\nhello\r\n0\r\n" + section
    assert decoded(unsigned_decoder(), [body]) == (b"hello", {TRAILER: "AAAAAA=="})


def test_an_empty_content() -> None:
    assert decoded(unsigned_decoder(0, ()), [b"0\r\n\r\n"]) == (b"", {})


def test_memory_stays_small_however_large_a_chunk() -> None:
    piece = b"p" * 65536
    decoder = unsigned_decoder(len(piece) * 2000, ())
    decoder.feed(b"%x\r\n" % (len(piece) * 2000))
    tracemalloc.start()
    try:
        for _ in range(2000):
            assert decoder.feed(piece)[0] is piece  # handed on, not copied
        assert tracemalloc.get_traced_memory()[1] < 64 * 1024
    finally:
        tracemalloc.stop()
    decoder.feed(b"\r\n0\r\n\r\n")
    decoder.finish()


# --- what the headers say -----------------------------------------------------------------


def test_bodies_that_are_not_in_chunks_need_no_decoder() -> None:
    for word in ("UNSIGNED-PAYLOAD", "a" * 64):
        assert chunked.decoder(None, None, {"x-amz-content-sha256": word}) is None
    assert chunked.decoder(None, None, {}) is None


def test_framings_that_are_not_supported() -> None:
    ecdsa = {"x-amz-content-sha256": "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"}
    refused("NotImplemented", lambda: chunked.framing(ecdsa))
    other = {"x-amz-content-sha256": "STREAMING-NONSENSE"}
    refused("InvalidArgument", lambda: chunked.framing(other))


def test_the_decoded_length_is_needed() -> None:
    refused("MissingContentLength", lambda: chunked.decoded_length({}))
    for text in ("", "-1", "1.0", "\u0661", "9" * 30):
        headers = {"x-amz-decoded-content-length": text}
        refused("InvalidArgument", lambda headers=headers: chunked.decoded_length(headers))


def test_an_anonymous_body_may_have_trailers_and_no_signatures() -> None:
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": "5",
        "x-amz-trailer": "X-Amz-Checksum-Crc32c",
    }
    decoder = chunked.decoder(None, None, headers)
    assert decoder is not None
    assert decoded(decoder, [UNSIGNED])[0] == b"hello"
    headers["x-amz-content-sha256"] = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    refused("AccessDenied", lambda: chunked.decoder(None, None, headers))


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (None, None),
        ("", None),
        ("aws-chunked", None),
        ("AWS-Chunked", None),
        ("gzip,aws-chunked", "gzip"),
        ("aws-chunked, gzip , br", "gzip,br"),
    ],
)
def test_the_coding_is_not_stored(sent: str | None, stored: str | None) -> None:
    assert chunked.stored_encoding(sent) == stored


# --- encoding -----------------------------------------------------------------------------


async def _source(content: bytes, step: int) -> AsyncIterator[bytes]:
    for at in range(0, len(content), step):
        yield content[at : at + step]


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("algorithm", [None, "crc32", "crc64nvme", "sha256"])
@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
async def test_what_is_encoded_is_verified_and_decoded(
    signed: bool, algorithm: str | None, size: int
) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    headers = {
        "host": "h",
        **chunked.framing_headers(size, signed=signed, algorithm=algorithm),
    }
    credentials = Credentials("AKID", SECRET)
    word = headers["x-amz-content-sha256"]
    headers |= sign_headers(credentials, "PUT", "/b/k", "", headers, word, "r", "s3", NOW)
    claim = verifying.claim("PUT", headers, {})
    assert claim is not None
    verifying.verify(claim, "PUT", b"/b/k", b"", headers, SECRET, NOW)
    own = verifying.chain_of(claim, SECRET) if signed else None
    encoder = Encoder(_source(content, 10_007), chain=own, algorithm=algorithm)
    pieces = [piece async for piece in encoder]
    assert sum(map(len, pieces)) == int(headers["content-length"])
    decoder = chunked.decoder(claim, SECRET, headers)
    assert decoder is not None
    found, trailers = decoded(decoder, pieces)
    assert found == content
    if algorithm is None:
        assert trailers == {}
    else:
        digest = digester(algorithm)
        digest.update(content)
        expected = base64.b64encode(digest.digest()).decode()
        assert trailers == {f"x-amz-checksum-{algorithm}": expected}
