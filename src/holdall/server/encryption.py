"""Server-side encryption as S3 speaks of it: by the server's key (SSE-S3) or by one that the
customer sends along each time (SSE-C), of which only the MD5 is kept.

What protects an object is said by its attributes, and so does an upload remember it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Final

from holdall.core.values import Revision
from holdall.engine.sealing import Seal, Unseal
from holdall.s3.errors import S3Error
from holdall.server import encryption_rules
from holdall.server.call import Call
from holdall.server.data_keys import WrappingKey, customer_key
from holdall.server.encryption_rules import SERVER_KEY
from holdall.server.request import Request
from holdall.server.response import Headers
from holdall.server.sealing import KEY_BYTES

HEADER: Final = "x-amz-server-side-encryption"
OF_KEY_SERVICE: Final = (f"{HEADER}-aws-kms-key-id", f"{HEADER}-context")
"""What is said of a key of a key service's; alone it asks for nothing that could be done."""

CUSTOMER: Final = f"{HEADER}-customer-"
SOURCE: Final = "x-amz-copy-source-server-side-encryption-customer-"
"""What the three headers of a customer's key begin with: of the request's own object, and of
the source of a copy."""

CHANGING: Final = (HEADER, f"{CUSTOMER}algorithm")
"""Headers by which a copy may differ from its source."""

BY_SERVER: Final = "encryption"
BY_CUSTOMER: Final = "customer-key-md5"
"""The attributes: the algorithm of SSE-S3, and the MD5 of the key of SSE-C in base64."""

_NOT_APPLICABLE: Final = "The encryption parameters are not applicable to this object."
_NEEDED: Final = (
    "The object was stored using a form of Server Side Encryption. The correct parameters must be"
    " provided to retrieve the object."
)
_OTHERS: Final = "The provided encryption parameters did not match the ones used originally."
_NEEDED_IN_PART: Final = (
    "The multipart upload initiate requested encryption. Subsequent part requests must include the"
    " appropriate encryption parameters."
)
_NOT_IN_PART: Final = (
    "The multipart upload initiate did not request encryption. Please resend the request without"
    " sending encryption parameters."
)
_MUST: Final = "Requests specifying Server Side Encryption with Customer provided keys must"


@dataclass(frozen=True, slots=True)
class Customer:
    """The key that came with a request."""

    md5: str
    key: WrappingKey = field(repr=False)

    def is_that_of(self, attributes: Mapping[str, str]) -> bool:
        kept = attributes.get(BY_CUSTOMER, "")
        return hmac.compare_digest(self.md5.encode(), kept.encode())


@dataclass(frozen=True, slots=True)
class Protection:
    """What shall protect an object; `attributes` are what it remembers of that."""

    attributes: Mapping[str, str] = field(default_factory=dict)
    seal: Seal | None = None


UNPROTECTED: Final = Protection()


def wanted(call: Call) -> Protection:
    """What the request asks for, else what its bucket does by default.

    `InvalidArgument`, `InvalidRequest`, `InvalidEncryptionAlgorithmError`, `AccessDenied` for
    keys of customers where the bucket blocks those, `NotImplemented` for the keys of a key
    service.
    """
    customer, method = customer_of(call.request), _method(call.request.headers)
    if customer is not None:
        if method is not None:
            raise S3Error(
                "InvalidArgument",
                "Server Side Encryption with Customer provided key is incompatible with the"
                " encryption method specified",
                ArgumentName=HEADER,
                ArgumentValue=method,
            )
        if encryption_rules.blocks_customers(call.bucket):
            raise S3Error("AccessDenied")
        return Protection({BY_CUSTOMER: customer.md5}, customer.key.seal)
    method = method or encryption_rules.default_of(call.bucket)
    if method is None:
        return UNPROTECTED
    return Protection({BY_SERVER: method}, _server_key(call).seal)


def _method(headers: Mapping[str, str]) -> str | None:
    method = headers.get(HEADER)
    encryption_rules.refuse_key_service(method)
    if method not in (None, SERVER_KEY):
        raise _unknown_algorithm(HEADER, str(method))
    for name in OF_KEY_SERVICE:
        if name in headers:
            raise _without_key_service(name, headers[name])
    return method


def _without_key_service(name: str, value: str) -> S3Error:
    return S3Error(
        "InvalidArgument",
        f"Server Side Encryption with AWS KMS managed key requires HTTP header {HEADER} : aws:kms",
        ArgumentName=name,
        ArgumentValue=value,
    )


def _server_key(call: Call) -> WrappingKey:
    key = call.state.server_key
    if key is None:
        raise S3Error("NotImplemented", "This server has no key of its own to encrypt with")
    return key


def customer_of(request: Request, prefix: str = CUSTOMER) -> Customer | None:
    """The key that the three headers hold; None where there is none of them.

    `InvalidArgument`, `InvalidEncryptionAlgorithmError` for what they get wrong, and
    `InvalidRequest` where others could have read them on the way.
    """
    get = request.headers.get
    algorithm, key, digest = get(prefix + "algorithm"), get(prefix + "key"), get(prefix + "key-md5")
    if algorithm is None and key is None and digest is None:
        return None
    _require_safe(request)
    if algorithm is None:
        raise S3Error("InvalidArgument", f"{_MUST} provide a valid encryption algorithm.")
    if algorithm != SERVER_KEY:
        raise _unknown_algorithm(f"{prefix}algorithm", algorithm)
    if key is None:
        raise S3Error("InvalidArgument", f"{_MUST} provide an appropriate secret key.")
    if digest is None:
        message = f"{_MUST} provide the client calculated MD5 of the secret key."
        raise S3Error("InvalidArgument", message)
    return _checked(prefix, _decoded(key), digest)


def _checked(prefix: str, key: bytes, digest: str) -> Customer:
    """No message quotes the key."""
    if len(key) != KEY_BYTES:
        raise S3Error(
            "InvalidArgument",
            "The secret key was invalid for the specified algorithm.",
            ArgumentName=f"{prefix}key",
        )
    actual = base64.b64encode(md5(key, usedforsecurity=False).digest())
    if not hmac.compare_digest(actual, digest.strip().encode("latin-1")):
        raise S3Error(
            "InvalidArgument",
            "The calculated MD5 hash of the key did not match the hash that was provided.",
            ArgumentName=f"{prefix}key-MD5",
        )
    return Customer(actual.decode(), customer_key(key))


def _decoded(text: str) -> bytes:
    """Empty for what is no base64: no key has that length."""
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _unknown_algorithm(name: str, value: str) -> S3Error:
    return S3Error(
        "InvalidEncryptionAlgorithmError",
        "The encryption request you specified is not valid. The valid value is AES256.",
        ArgumentName=name,
        ArgumentValue=value,
    )


def _require_safe(request: Request) -> None:
    """Keys travel over TLS (S3 "Using server-side encryption with customer-provided keys"), or
    within one machine: that is where tests and proxies are that end TLS."""
    if not (request.secure or _is_loopback(request.client)):
        raise S3Error("InvalidRequest", f"{_MUST} be made over a secure connection.")


def _is_loopback(client: str) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or bool(mapped and mapped.is_loopback)


def check_read(call: Call, revision: Revision) -> None:
    """That the request says of an object's encryption what S3 wants to hear for its bytes or
    its description: the customer's key and nothing else. `InvalidArgument`, `InvalidRequest`,
    `AccessDenied` for another key than the object's."""
    method = call.header(HEADER)
    if method is not None:
        raise S3Error(
            "InvalidArgument",
            f"{HEADER} header is not supported for this operation.",
            ArgumentName=HEADER,
            ArgumentValue=method,
        )
    _require_key(customer_of(call.request), revision)


def unseal_of_source(call: Call, revision: Revision) -> Unseal | None:
    """What reads the source of a copy; None where no key of a customer's is needed. Errors as
    in `check_read`."""
    customer = customer_of(call.request, SOURCE)
    _require_key(customer, revision)
    return unseal_of(customer)


def unseal_of(customer: Customer | None) -> Unseal | None:
    return None if customer is None else customer.key.unseal


def _require_key(customer: Customer | None, revision: Revision) -> None:
    needed = BY_CUSTOMER in revision.attributes
    if customer is None and needed:
        raise S3Error("InvalidRequest", _NEEDED)
    if customer is not None and not needed:
        raise S3Error("InvalidRequest", _NOT_APPLICABLE)
    if customer is not None and not customer.is_that_of(revision.attributes):
        raise S3Error("AccessDenied")


def of_part(call: Call, attributes: Mapping[str, str]) -> Protection:
    """What protects a part of an upload with those attributes. `InvalidRequest` unless the
    customer's key is sent again, or is not where there was none; `NotImplemented`."""
    encryption_rules.refuse_key_service(call.header(HEADER))
    customer = customer_of(call.request)
    if BY_CUSTOMER not in attributes:
        if customer is not None:
            raise S3Error("InvalidRequest", _NOT_IN_PART)
        return _as_upload(call, attributes)
    if customer is None:
        raise S3Error("InvalidRequest", _NEEDED_IN_PART)
    if not customer.is_that_of(attributes):
        raise S3Error("InvalidRequest", _OTHERS)
    return Protection({BY_CUSTOMER: customer.md5}, customer.key.seal)


def _as_upload(call: Call, attributes: Mapping[str, str]) -> Protection:
    if BY_SERVER not in attributes:
        return UNPROTECTED
    return Protection({BY_SERVER: attributes[BY_SERVER]}, _server_key(call).seal)


def check_completion(call: Call, attributes: Mapping[str, str]) -> None:
    """The key may come with the end of an upload too, and is that of its parts then.
    `InvalidRequest`."""
    if customer_of(call.request) is not None:
        of_part(call, attributes)


def is_same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether the same key protects both, so that a copy need not move any bytes."""
    return all(one.get(name) == other.get(name) for name in (BY_SERVER, BY_CUSTOMER))


def headers(attributes: Mapping[str, str]) -> Headers:
    """What is told of it (S3 PutObject, GetObject and their like)."""
    if BY_CUSTOMER in attributes:
        return [
            (f"{CUSTOMER}algorithm", SERVER_KEY),
            (f"{CUSTOMER}key-md5", attributes[BY_CUSTOMER]),
        ]
    return by_server(attributes)


def by_server(attributes: Mapping[str, str]) -> Headers:
    """As `headers`, where S3 tells nothing of customers' keys (CompleteMultipartUpload)."""
    return [(HEADER, attributes[BY_SERVER])] if BY_SERVER in attributes else []
