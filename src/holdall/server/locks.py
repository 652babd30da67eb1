"""Object lock as requests and answers speak of it: retentions, legal holds and defaults.

The rules are those of "How S3 Object Lock works" in the S3 user guide. What keeps a revision
is stored as marks of that revision, in the form of `holdall.engine.locking`, which enforces
them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, cast

from holdall.engine.locking import COMPLIANCE, DEFAULT, GOVERNANCE, HOLD, RETENTION
from holdall.engine.records import microseconds_of, moment
from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.times import from_iso
from holdall.s3.xml import Element, Node
from holdall.server.access.context import Value
from holdall.server.buckets import Bucket
from holdall.server.call import Call
from holdall.server.response import Headers

Mode = Literal["GOVERNANCE", "COMPLIANCE"]
Unit = Literal["days", "years"]

SETTING: Final = DEFAULT
BYPASS: Final = "x-amz-bypass-governance-retention"
MODE_HEADER: Final = "x-amz-object-lock-mode"
UNTIL_HEADER: Final = "x-amz-object-lock-retain-until-date"
HOLD_HEADER: Final = "x-amz-object-lock-legal-hold"
_DAY: Final = timedelta(days=1)
MAX_DAYS: Final = 36_500
MAX_YEARS: Final = 100
_MODES: Final = (GOVERNANCE, COMPLIANCE)
_HOLDS: Final = ("ON", "OFF")
_ROOT: Final = "ObjectLockConfiguration"


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when a revision is kept, and whether somebody may override that."""

    mode: Mode
    until: datetime

    def to_mark(self) -> str:
        return json.dumps({"mode": self.mode, "until": microseconds_of(self.until)})

    def to_xml(self) -> bytes:
        return xml.render(
            "Retention", [("Mode", self.mode), ("RetainUntilDate", _written(self.until))]
        )

    def condition_keys(self, now: datetime) -> dict[str, Value]:
        """What a policy may ask of it ("Limiting retention periods with a bucket policy"). A
        day that has begun counts: who may keep for ten, may not keep for ten and a half."""
        return {
            "s3:object-lock-mode": self.mode,
            "s3:object-lock-retain-until-date": _written(self.until),
            "s3:object-lock-remaining-retention-days": str(-((now - self.until) // _DAY)),
        }


@dataclass(frozen=True, slots=True)
class Default:
    """How long a bucket keeps what is written into it without a word about that."""

    mode: Mode
    unit: Unit
    count: int

    def to_setting(self) -> str:
        return json.dumps({"mode": self.mode, self.unit: self.count})


def require_locked(bucket: Bucket) -> None:
    """`InvalidRequest` in a bucket without object lock."""
    if not bucket.locked:
        raise S3Error("InvalidRequest", "Bucket is missing Object Lock Configuration")


def _mode(text: str | None) -> Mode | None:
    return cast(Mode, text) if text in _MODES else None


def _written(time: datetime) -> str:
    """To the last digit that was stored: who sends it back must not shorten a retention."""
    time = time.astimezone(UTC).replace(tzinfo=None)
    return time.isoformat(timespec="microseconds" if time.microsecond else "seconds") + "Z"


# In headers


def lock_marks(call: Call) -> dict[str, str]:
    """The marks that the headers of whatever makes an object ask for.

    `InvalidRequest` where the bucket has no object lock, `InvalidArgument` for half of a
    retention, an unknown mode or status, and a date that is none or is over.
    """
    mode, until, hold = (call.header(name) for name in (MODE_HEADER, UNTIL_HEADER, HOLD_HEADER))
    if mode is None and until is None and hold is None:
        return {}
    require_locked(call.bucket)
    marks = dict[str, str]()
    if mode is not None or until is not None:
        marks[RETENTION] = _asked_retention(mode, until, call.state.now()).to_mark()
    if hold is not None:
        marks[HOLD] = _asked_hold(hold)
    return marks


def _asked_retention(mode: str | None, until: str | None, now: datetime) -> Retention:
    if mode is None or until is None:
        raise S3Error(
            "InvalidArgument",
            f"{UNTIL_HEADER} and {MODE_HEADER} must both be supplied",
            ArgumentName=MODE_HEADER if mode is None else UNTIL_HEADER,
        )
    known, time = _mode(mode), from_iso(until)
    if known is None:
        raise _invalid("Unknown wormMode directive.", MODE_HEADER, mode)
    if time is None:
        raise _invalid("The date must be in ISO 8601 format", UNTIL_HEADER, until)
    _require_future(time, now, UNTIL_HEADER, until)
    return Retention(known, time)


def _require_future(time: datetime, now: datetime, name: str, value: str) -> None:
    if time <= now:
        raise _invalid("The retain until date must be in the future!", name, value)


def _asked_hold(text: str) -> str:
    if text not in _HOLDS:
        raise _invalid("Legal Hold must be either of 'ON' or 'OFF'", HOLD_HEADER, text)
    return text


def _invalid(message: str, name: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


async def require_lock_actions(call: Call, marks: Mapping[str, str]) -> None:
    """`AccessDenied` to those who may write an object and not lock it so (S3 PutObject)."""
    retention = retention_of(marks)
    if retention is not None:
        more = retention.condition_keys(call.state.now())
        await call.require("s3:PutObjectRetention", key=call.key, writes=True, more=more)
    if call.header(HOLD_HEADER) is not None:
        await call.require("s3:PutObjectLegalHold", key=call.key, writes=True)


async def lock_headers(call: Call, marks: Mapping[str, str]) -> Headers:
    """What GET and HEAD say of the locks of an object, as far as the caller may know."""
    found: Headers = []
    retention = retention_of(marks)
    if retention is not None and await _may_see(call, "s3:GetObjectRetention"):
        found.append((MODE_HEADER, retention.mode))
        found.append((UNTIL_HEADER, _written(retention.until)))
    if HOLD in marks and await _may_see(call, "s3:GetObjectLegalHold"):
        found.append((HOLD_HEADER, marks[HOLD]))
    return found


async def _may_see(call: Call, action: str) -> bool:
    return await call.may(action, key=call.key, version=call.version)


async def may_bypass(call: Call, key: str) -> bool:
    """Whether the caller asks for governance to be overridden, and may."""
    if (call.header(BYPASS) or "").lower() != "true":
        return False
    return await call.may("s3:BypassGovernanceRetention", key=key, writes=True)


# As marks


def retention_of(marks: Mapping[str, str]) -> Retention | None:
    text = marks.get(RETENTION)
    return None if text is None else _retention(text)


def _retention(text: str) -> Retention:
    found = json.loads(text)
    return Retention(found["mode"], moment(found["until"]))


def admit_change(old: str | None, new: Retention | None, now: datetime, *, bypass: bool) -> None:
    """`AccessDenied` unless a retention may be replaced, or be taken away with None.

    Whoever may set a retention may make it longer. Compliance is never weakened; what else
    is done to governance needs the bypass (S3 PutObjectRetention).
    """
    before = None if old is None else _retention(old)
    if before is None or before.until <= now:
        return
    if new is not None and new.mode == before.mode and new.until >= before.until:
        return
    if before.mode == COMPLIANCE or not bypass:
        raise S3Error("AccessDenied", "Access Denied because object protected by object lock.")


# As documents


def retention_from_xml(body: bytes, now: datetime) -> Retention | None:
    """None for an empty document, which takes a retention away. `MalformedXML`,
    `InvalidArgument` for a date that is over."""
    found = xml.parse(body, "Retention")
    if not found.children:
        return None
    mode, text = _mode(found.need("Mode").strip()), found.need("RetainUntilDate").strip()
    until = from_iso(text)
    if mode is None or until is None:
        raise S3Error("MalformedXML")
    _require_future(until, now, "RetainUntilDate", text)
    return Retention(mode, until)


def hold_from_xml(body: bytes) -> str:
    """ON or OFF. `MalformedXML`."""
    status = xml.parse(body, "LegalHold").need("Status").strip()
    if status not in _HOLDS:
        raise S3Error("MalformedXML")
    return status


def default_from_xml(body: bytes) -> Default | None:
    """The rule of an `ObjectLockConfiguration`, which need not have one. `MalformedXML`,
    `InvalidArgument` for a period that is not between a day and 100 years."""
    found = xml.parse(body, _ROOT)
    if (found.get("ObjectLockEnabled") or "").strip() != "Enabled":
        raise S3Error("MalformedXML")
    rule = found.find("Rule")
    if rule is None:
        return None
    retention = rule.find("DefaultRetention")
    if retention is None:
        raise S3Error("MalformedXML")
    return _default(retention)


def _default(found: Element) -> Default:
    mode = _mode(found.need("Mode").strip())
    periods = [child for child in found.children if child.name in ("Days", "Years")]
    if mode is None or len(periods) != 1:
        raise S3Error("MalformedXML")
    period = periods[0]
    unit: Unit = "days" if period.name == "Days" else "years"
    return Default(mode, unit, _count(period, MAX_DAYS if unit == "days" else MAX_YEARS))


def _count(period: Element, most: int) -> int:
    text = period.text.strip()
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise S3Error("MalformedXML")
    if text.startswith("-") or int(text) == 0:
        message = "Default retention period must be a positive integer value."
        raise _invalid(message, period.name, text)
    if len(text) > 9 or int(text) > most:
        message = f"Default retention period too large. {period.name} may be {most} at most."
        raise _invalid(message, period.name, text)
    return int(text)


def configuration_to_xml(setting: str | None) -> bytes:
    """The answer to GetObjectLockConfiguration of a locked bucket."""
    content: list[Node] = [("ObjectLockEnabled", "Enabled")]
    found = json.loads(setting) if setting else {}
    if "mode" in found:
        retention = [("Mode", found["mode"]), ("Days", found.get("days"))]
        rule = [("DefaultRetention", [*retention, ("Years", found.get("years"))])]
        content.append(("Rule", rule))
    return xml.render(_ROOT, content)
