"""Uploads by HTML form: the policy that a form carries, and the signature of it.

The rules are those of "POST Policy" and "Authenticating Requests in Browser-Based Uploads
Using POST" in the Amazon S3 API reference. Fields are by lower-case name.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from holdall.s3 import sigv2
from holdall.s3.errors import S3Error
from holdall.s3.signing import ALGORITHM, Scope, signature, signing_key
from holdall.s3.times import from_iso
from holdall.s3.verifying import credential, mismatch

UNCOVERED: Final = frozenset({"awsaccesskeyid", "file", "policy", "signature", "x-amz-signature"})
"""Fields that no condition needs to cover."""

_IGNORED: Final = "x-ignore-"
_RANGE: Final = "content-length-range"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_ESCAPES: Final = re.compile(r"\\([\\$v])")
_JSON_ESCAPES: Final = {"\\": r"\\", "$": "$", "v": r"\u000b"}
_V4_FIELDS: Final = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature")
_V2_FIELDS: Final = ("AWSAccessKeyId", "Signature")


@dataclass(frozen=True, slots=True)
class FormClaim:
    """Who a form says has signed its policy. `scope` is None for a Signature Version 2."""

    access_key: str
    signature: str
    scope: Scope | None
    policy: str
    session_token: str | None = field(repr=False)

    @property
    def is_v2(self) -> bool:
        return self.scope is None


def claim(fields: Mapping[str, str], *, services: tuple[str, ...] = ("s3",)) -> FormClaim | None:
    """What the form claims; None for one that neither has a policy nor is signed.

    `InvalidArgument` for a field that is missing or malformed.
    """
    if any(name.lower() in fields for name in _V2_FIELDS):
        _require(fields, "policy", *_V2_FIELDS)
        return _claim(fields, fields["awsaccesskeyid"], fields["signature"], None)
    if "policy" not in fields and not any(name.lower() in fields for name in _V4_FIELDS):
        return None
    _require(fields, "policy", *_V4_FIELDS)
    if fields["x-amz-algorithm"] != ALGORITHM:
        raise _argument(f"X-Amz-Algorithm only supports {ALGORITHM}", "x-amz-algorithm", fields)
    try:
        access_key, scope = credential(fields["x-amz-credential"], services)
    except ValueError as error:
        raise _argument(str(error), "x-amz-credential", fields) from None
    return _claim(fields, access_key, fields["x-amz-signature"], scope)


def _claim(
    fields: Mapping[str, str], access_key: str, proof: str, scope: Scope | None
) -> FormClaim:
    token = fields.get("x-amz-security-token")
    return FormClaim(access_key, proof, scope, fields["policy"], token)


def _require(fields: Mapping[str, str], *names: str) -> None:
    for name in names:
        if not fields.get(name.lower()):
            message = f"Bucket POST must contain a field named '{name}'. If it is specified, "
            raise _argument(f"{message}please check the order of the fields.", name, fields)


def _argument(message: str, name: str, fields: Mapping[str, str]) -> S3Error:
    value = fields.get(name.lower(), "")
    return S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


def verify(claim: FormClaim, secret: str) -> None:
    """Return when the policy was signed with `secret`. `SignatureDoesNotMatch`."""
    signed = claim.policy.encode()
    if claim.scope is None:
        ours = sigv2.signature(secret, signed)
    else:
        ours = signature(signing_key(secret, claim.scope), signed)
    if not hmac.compare_digest(ours.encode(), claim.signature.encode()):
        raise mismatch(claim.access_key, claim.signature, signed)


@dataclass(frozen=True, slots=True)
class Condition:
    """What one field must be, or begin with. `source` is the condition as it was written."""

    field: str
    value: str
    is_prefix: bool
    source: str

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Whether it does. A field that is absent is empty; of a content type that is a list,
        each member must begin with the value."""
        actual = fields.get(self.field, "")
        if not self.is_prefix:
            return actual == self.value
        members = actual.split(",") if self.field == "content-type" else [actual]
        return all(member.strip().startswith(self.value) for member in members)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a form may be used for, until when, and for how many bytes."""

    expiration: datetime
    conditions: tuple[Condition, ...]
    least: int = 0
    most: int | None = None

    def check(self, fields: Mapping[str, str], bucket: str, now: datetime) -> None:
        """Return when the form keeps to the policy. `AccessDenied` with the reason.

        `fields` are those before the file, with `${filename}` in the key replaced.
        """
        if now >= self.expiration:
            raise _against("Policy expired.")
        present = {**fields, "bucket": bucket}
        for condition in self.conditions:
            if not condition.holds(present):
                raise _against(f"Policy Condition failed: {condition.source}")
        extra = sorted(self._uncovered(present))
        if extra:
            raise _against(f"Extra input fields: {', '.join(extra)}")

    def _uncovered(self, names: Collection[str]) -> Iterator[str]:
        covered = {condition.field for condition in self.conditions}
        for name in set(names) - covered - UNCOVERED:
            if not name.startswith(_IGNORED):
                yield name

    def check_length(self, size: int) -> None:
        """Return for a file of so many bytes. `EntityTooSmall`, `EntityTooLarge`.

        While a file arrives, ask about what has come so far once it exceeds `most`.
        """
        if self.most is not None and size > self.most:
            raise S3Error("EntityTooLarge", ProposedSize=str(size), MaxSizeAllowed=str(self.most))
        if size < self.least:
            raise S3Error("EntityTooSmall", ProposedSize=str(size), MinSizeAllowed=str(self.least))


def _against(reason: str) -> S3Error:
    return S3Error("AccessDenied", f"Invalid according to Policy: {reason}")


def _invalid(reason: str) -> S3Error:
    return S3Error("InvalidPolicyDocument", f"Invalid Policy: {reason}")


def parse(policy: str) -> Policy:
    """The policy in the form's field of that name. `InvalidPolicyDocument`."""
    document = _document(policy)
    if "expiration" not in document:
        raise _invalid("Policy missing expiration.")
    if "conditions" not in document:
        raise _invalid("Policy missing conditions.")
    expiration, conditions = document["expiration"], document["conditions"]
    time = from_iso(expiration) if _is_time(expiration) else None
    if time is None:
        raise _invalid("Invalid 'expiration' value.")
    if not isinstance(conditions, list):
        raise _invalid("Invalid 'conditions' value: must be a List.")
    ranges = [_range(item) for item in conditions if _is_range(item)]
    return Policy(
        expiration=time,
        conditions=tuple(_condition(item) for item in conditions if not _is_range(item)),
        least=max((least for least, _ in ranges), default=0),
        most=min((most for _, most in ranges), default=None),
    )


def _is_time(value: Any) -> bool:
    """Whether it is written as S3 demands: a point in time, with a `T`, to the second."""
    return isinstance(value, str) and _TIME.fullmatch(value) is not None


def _document(policy: str) -> dict[str, Any]:
    try:
        text = base64.b64decode("".join(policy.split()), validate=True).decode()
    except (binascii.Error, ValueError):
        raise _invalid("it is not base64 of UTF-8.") from None
    try:
        # A policy may escape `$` and the vertical tab, which JSON does not know.
        found = json.loads(_ESCAPES.sub(lambda match: _JSON_ESCAPES[match[1]], text))
    except (ValueError, RecursionError):
        raise _invalid("it is not JSON.") from None
    if not isinstance(found, dict):
        raise _invalid("it is not an Object.")
    return found


def _is_range(item: object) -> bool:
    return isinstance(item, list) and bool(item) and _operator(item) == _RANGE


def _operator(item: list[object]) -> str:
    return item[0].lower() if isinstance(item[0], str) else ""


def _range(item: list[object]) -> tuple[int, int]:
    if len(item) != 3:
        raise _invalid(f"Invalid {_RANGE}: wrong number of arguments.")
    least, most = _bytes(item[1]), _bytes(item[2])
    if least > most:
        raise _invalid(f"Invalid {_RANGE}: it is empty.")
    return least, most


def _bytes(value: object) -> int:
    """A number of bytes, which some clients write as a string."""
    text = value if isinstance(value, str) else json.dumps(value)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _invalid(f"Invalid {_RANGE}: its limits must be whole numbers.")
    return int(text)


def _condition(item: object) -> Condition:
    if isinstance(item, dict):
        return _simple(item)
    if not isinstance(item, list):
        raise _invalid("Invalid condition test: must be a List or Object.")
    if not item or not isinstance(item[0], str):
        raise _invalid("Invalid Condition: missing operation identifier.")
    operator = item[0].lower()
    if operator not in ("eq", "starts-with"):
        raise _invalid(f"Invalid Condition: unknown operation '{item[0]}'.")
    if len(item) != 3:
        raise _invalid(f"Invalid {operator}: wrong number of arguments.")
    _, name, value = item
    if not (isinstance(name, str) and name.startswith("$") and isinstance(value, str)):
        raise _invalid(f"Invalid {operator}: it takes a field, as $name, and a string.")
    return Condition(name[1:].lower(), value, operator == "starts-with", json.dumps(item))


def _simple(item: dict[str, object]) -> Condition:
    if len(item) != 1:
        raise _invalid(
            "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
        )
    ((name, value),) = item.items()
    if not isinstance(value, str):
        raise _invalid("Invalid Simple-Condition: value must be a string.")
    return Condition(name.lower(), value, False, json.dumps(["eq", f"${name}", value]))
