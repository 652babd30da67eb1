"""The default encryption of a bucket (S3 PutBucketEncryption)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element, Node
from holdall.server.buckets import Bucket

SETTING: Final = "encryption"
SERVER_KEY: Final = "AES256"
"""SSE-S3: with a key of the server's."""
KEY_SERVICE: Final = ("aws:kms", "aws:kms:dsse")
_ROOT: Final = "ServerSideEncryptionConfiguration"
_BY_DEFAULT: Final = "ApplyServerSideEncryptionByDefault"
_BLOCKED: Final = "BlockedEncryptionTypes"
_CUSTOMERS: Final = "SSE-C"


@dataclass(frozen=True, slots=True)
class DefaultEncryption:
    """What is done to objects that come without a word about it. `bucket_key` is kept and
    means nothing without a key service. `blocks_customers`: none may come with a key of its
    own (SSE-C)."""

    algorithm: str = SERVER_KEY
    bucket_key: bool = False
    blocks_customers: bool = False


def from_xml(body: bytes) -> DefaultEncryption:
    """The one rule of a document. `MalformedXML`, `InvalidArgument` for the id of a key that
    would not be used, `NotImplemented` for the keys of a key service."""
    rules = xml.parse(body, _ROOT).children
    if len(rules) != 1 or rules[0].name != "Rule":
        raise S3Error("MalformedXML")
    default, blocked = rules[0].find(_BY_DEFAULT), rules[0].find(_BLOCKED)
    if default is None and blocked is None:
        raise S3Error("MalformedXML")
    return DefaultEncryption(
        SERVER_KEY if default is None else _algorithm(default),
        _bucket_key(rules[0]),
        blocked is not None and _blocks_customers(blocked),
    )


def _blocks_customers(blocked: Element) -> bool:
    types = [found.text.strip() for found in blocked.all("EncryptionType")]
    if types not in (["NONE"], [_CUSTOMERS]):
        raise S3Error("MalformedXML")
    return types == [_CUSTOMERS]


def _algorithm(found: Element) -> str:
    algorithm = found.need("SSEAlgorithm").strip()
    refuse_key_service(algorithm)
    if algorithm != SERVER_KEY:
        raise S3Error("MalformedXML")
    if found.find("KMSMasterKeyID") is not None:
        raise S3Error(
            "InvalidArgument",
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or"
            " aws:kms:dsse",
            ArgumentName=_BY_DEFAULT,
        )
    return algorithm


def refuse_key_service(algorithm: str | None) -> None:
    """`NotImplemented` wherever one is asked for: nothing is stored in the clear instead."""
    if algorithm in KEY_SERVICE:
        raise S3Error(
            "NotImplemented", "Encryption with the keys of a key management service (SSE-KMS)"
        )


def _bucket_key(rule: Element) -> bool:
    text = (rule.get("BucketKeyEnabled") or "false").strip()
    if text not in ("true", "false"):
        raise S3Error("MalformedXML")
    return text == "true"


def to_xml(found: DefaultEncryption) -> bytes:
    """What `from_xml` reads: the answer to GetBucketEncryption, and the way it is stored."""
    rule: list[Node] = [
        (_BY_DEFAULT, [("SSEAlgorithm", found.algorithm)]),
        (_BLOCKED, [("EncryptionType", _CUSTOMERS)] if found.blocks_customers else None),
        ("BucketKeyEnabled", found.bucket_key),
    ]
    return xml.render(_ROOT, [("Rule", rule)])


def default_of(bucket: Bucket) -> str | None:
    """The algorithm for what comes without one; None where it is stored as it is."""
    return SERVER_KEY if SETTING in bucket.settings else None


def blocks_customers(bucket: Bucket) -> bool:
    """Whether what is written may not be protected by a customer's key (S3 "Blocking or
    unblocking SSE-C for a general purpose bucket")."""
    text = bucket.settings.get(SETTING)
    return text is not None and from_xml(text.encode()).blocks_customers
