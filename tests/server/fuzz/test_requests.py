"""The app, asked anything: an error of the table or success, and never a fault of ours."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdall.s3.signing import presign
from holdall.server.state import now

from ..matrix.wire import HOST
from . import words
from .documents import documents, mutated
from .proper import Fuzzed

MANY = settings(max_examples=250)

bodies = st.one_of(st.just(b""), st.binary(max_size=60), documents, mutated)


@MANY
@given(words.methods, words.paths, words.queries, words.headers, bodies)
@example("DELETE", "/box/kept", "versionId=%E2%82%AC", {}, b"")
@example("DELETE", "/box/kept", "versionId=%0d%0aa:b", {}, b"")
@example("GET", "/box", f"max-keys={'9' * 5000}", {}, b"")
@example("GET", "/box/kept", "response-content-type=%E2%82%AC", {}, b"")
@example("PUT", "/box/kept", "", {"x-amz-meta-a": "=?utf-8?q?a=0D=0AX:b?="}, b"")
def test_signed_requests(server: Fuzzed, method, path, query, headers, body):
    if is_harmless(method, path):
        server.send(method, path, query, headers=headers, body=body)


def is_harmless(method: str, path: str) -> bool:
    """The bucket itself is to stay."""
    return not (method == "DELETE" and path in ("/box", "/box/"))


@MANY
@given(
    st.one_of(words.methods, st.text("ABC", min_size=1, max_size=5)),
    st.one_of(words.paths.map(str.encode), st.binary(max_size=40).map(lambda raw: b"/" + raw)),
    st.one_of(words.queries.map(str.encode), st.binary(max_size=40)),
    st.lists(
        st.tuples(st.sampled_from((*words.HEADERS, *words.PROVING)), words.header_value), max_size=5
    ),
    bodies,
)
@example("PUT", b"/box/k", b"", [("content-length", "9" * 5000)], b"")
@example("PUT", b"/box/k", b"", [("content-length", "\u00b2")], b"")
@example("GET", b"/box/kept", b"", [("authorization", "AWS4-HMAC-SHA256 Credential=")], b"")
@example("GET", b"", b"", [], b"")
def test_requests_that_prove_nothing(server: Fuzzed, method, path, query, headers, body):
    """Repeated headers among them, and lengths that are not those of the body."""
    raw = [(b"host", HOST.encode())]
    raw += [(name.encode(), value.encode("latin-1")) for name, value in headers]
    server.raw(method, path, query, raw, [body])


PRESIGNED = (
    *("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Signature"),
    *("X-Amz-SignedHeaders", "X-Amz-Security-Token", "AWSAccessKeyId", "Signature", "Expires"),
)
_CLAIMS = st.one_of(
    st.sampled_from(
        ("AWS4-HMAC-SHA256", "20260101T000000Z", "host", "a/20260101/b/s3/aws4_request")
    ),
    words.text,
)


@MANY
@given(st.dictionaries(st.sampled_from(PRESIGNED), _CLAIMS.map(words.query_value)))
def test_addresses_that_claim_to_be_signed(server: Fuzzed, claims):
    query = "&".join(f"{name}={value}" for name, value in claims.items())
    assert server.send("GET", "/box/private", query, signed=False).status != 200


@MANY
@given(words.header_value, st.sampled_from(("AWS4-HMAC-SHA256 ", "AWS ", "Bearer ", "")))
def test_authorization_headers(server: Fuzzed, value, scheme):
    headers = {"authorization": scheme + value, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    assert server.send("GET", "/box/private", signed=False, headers=headers).status != 200


@MANY
@given(
    st.lists(
        st.tuples(words.text, words.text.map(words.query_value)).map(
            lambda pair: f"x-amz-{words.query_value(pair[0])}={pair[1]}"
        ),
        max_size=3,
    )
)
@example(["x-amz-meta-a=%E2%82%AC"])
@example(["x-amz-meta-a%0d%0ab:c=d"])
@example(["x-amz-meta-%E2%82%AC=d"])
@example(["x-amz-copy-source=%E2%82%AC"])
@example(["x-amz-tagging=%E2%82%AC"])
def test_headers_that_a_signed_address_holds(server: Fuzzed, parameters):
    """What is stored by way of an address is sent as headers again."""
    query = "&".join(parameters)
    server.run(put_by_address(server, query))
    server.send("GET", "/box/by-address")
    server.send("HEAD", "/box/by-address")


async def put_by_address(server: Fuzzed, query: str) -> None:
    signing = presigned("PUT", "/box/by-address", query, server)
    answer = await server.wire.send(None, "PUT", "/box/by-address", signing, body=b"x")
    server.judge(answer)


def presigned(method: str, path: str, query: str, server: Fuzzed) -> str:
    added = presign(server.alice, method, path, query, {"host": HOST}, 60, "us-east-1", "s3", now())
    return "&".join([query, *(f"{k}={words.query_value(v)}" for k, v in added.items())]).lstrip("&")
