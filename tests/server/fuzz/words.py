"""What to make requests of: the words of the protocol, and what should never be said."""

from __future__ import annotations

import string
from typing import Final
from urllib.parse import quote, quote_from_bytes

from hypothesis import strategies as st

from holdall.server.table import ROUTES

SUBRESOURCES: Final = sorted({name for route in ROUTES for name in route.query})
PARAMETERS: Final = (
    *("prefix", "delimiter", "marker", "max-keys", "encoding-type", "start-after", "fetch-owner"),
    *("continuation-token", "key-marker", "version-id-marker", "upload-id-marker", "max-uploads"),
    *("max-parts", "part-number-marker", "partNumber", "uploadId", "versionId", "max-buckets"),
    *("response-content-type", "response-expires", "response-content-disposition", "list-type"),
    *("id", "select-type", "x-id", "metadataTable", "renameObject", "nonsense"),
)
HEADERS: Final = (
    *("range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "origin"),
    *("content-type", "content-md5", "content-encoding", "cache-control", "expires", "expect"),
    *("x-amz-acl", "x-amz-grant-read", "x-amz-grant-full-control", "x-amz-tagging"),
    *("x-amz-copy-source", "x-amz-copy-source-range", "x-amz-copy-source-if-match"),
    *("x-amz-copy-source-if-modified-since", "x-amz-metadata-directive"),
    *("x-amz-meta-a", "x-amz-storage-class", "x-amz-object-lock-mode", "x-amz-checksum-mode"),
    *("x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold"),
    *("x-amz-checksum-crc32", "x-amz-checksum-algorithm", "x-amz-checksum-type"),
    *("x-amz-sdk-checksum-algorithm", "x-amz-trailer", "x-amz-decoded-content-length"),
    *("x-amz-server-side-encryption", "x-amz-server-side-encryption-customer-key"),
    *("x-amz-server-side-encryption-customer-algorithm", "x-amz-expected-bucket-owner"),
    *("x-amz-object-attributes", "x-amz-max-parts", "x-amz-part-number-marker"),
    *("x-amz-mp-object-size", "x-amz-bypass-governance-retention", "x-amz-object-ownership"),
    *("x-amz-bucket-object-lock-enabled", "x-amz-website-redirect-location"),
    *("access-control-request-method", "access-control-request-headers"),
)
PROVING: Final = (
    *("authorization", "x-amz-date", "date", "x-amz-content-sha256", "x-amz-security-token"),
    *("content-length", "transfer-encoding", "host"),
)
"""Headers that only requests without a good signature make up."""

VALUES: Final = (
    *("", "0", "-1", "1", "true", "null", "*", "%", "..", "/", "box/kept", "/box/kept"),
    *(
        "9" * 30,
        "9" * 5000,
        "0" * 11 + "9" * 30,
        "1e9",
        "٣",
        "²",
        "\x00",
        "\r\nx: y",
        "€",
        "\ufffe",
    ),
    *("bytes=0-0", "bytes=-1", "bytes=5-2", "bytes=0-" + "9" * 400, "bytes=0-1,3-4", "bytes="),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Sun, 31 Feb 9999 25:61:61 GMT", "2099-01-01T00:00:00Z"),
    *("0000-00-00T00:00:00Z", "99999-01-01T00:00:00Z", "COPY", "REPLACE", "GOVERNANCE", "ON"),
    *("ETag", "STANDARD", "CRC32", "AAAAAA==", "url", "2", "=?utf-8?q?a=0D=0Ab=00?="),
    *("=?no-such?q?x?=", '"', "id=" + "0" * 64, 'uri="x"', "a=b&a=c", "%ff=1", "public-read"),
)

text: Final = st.one_of(
    st.sampled_from(VALUES),
    st.text(st.characters(codec="utf-8"), max_size=40),
    st.text(string.printable, max_size=40),
)


def spelled(value: str) -> str:
    """Text as the characters of a header: latin-1 that spells its UTF-8."""
    return value.encode().decode("latin-1")


header_value = text.map(spelled)


def query_value(value: str) -> str:
    return quote(value, safe="")


pairs: Final = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(SUBRESOURCES), st.sampled_from(PARAMETERS)), text.map(query_value)
    ),
    max_size=4,
)
queries: Final = pairs.map(lambda found: "&".join(f"{name}={value}" for name, value in found))
headers: Final = st.dictionaries(st.sampled_from(HEADERS), header_value, max_size=4)
methods: Final = st.sampled_from(("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"))
paths: Final = st.one_of(
    st.sampled_from(("/", "/box", "/box/", "/box/kept", "/box/new", "/nobox", "/nobox/key")),
    st.binary(max_size=30).map(lambda raw: "/box/" + quote_from_bytes(raw, safe="/")),
    st.binary(max_size=30).map(lambda raw: "/" + quote_from_bytes(raw, safe="/")),
)
