"""Notifications of a bucket: which events go where (S3 PutBucketNotificationConfiguration).

Wherever S3 names a queue, a topic or a function, Holdall takes the name of a webhook,
`arn:holdall:webhook:::<name>`. Which of the three elements holds it makes no difference.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from holdall.s3 import xml
from holdall.s3.errors import S3Error
from holdall.s3.xml import Element, Node
from holdall.server.buckets import Bucket
from holdall.server.documents import remembered
from holdall.server.state import State

SETTING: Final = "notification"
MAX_ID: Final = 255
MAX_FILTER: Final = 1024
MOST: Final = 100
"""Configurations of a bucket ("Amazon S3 quotas")."""
DESTINATIONS: Final = {
    "QueueConfiguration": "Queue",
    "TopicConfiguration": "Topic",
    "CloudFunctionConfiguration": "CloudFunction",
}
"""By kind of configuration: the element that says where its events go."""

EVENTS: Final = frozenset(
    {
        "s3:ReducedRedundancyLostObject",
        *(
            f"s3:ObjectCreated:{kind}"
            for kind in ("*", "Put", "Post", "Copy", "CompleteMultipartUpload")
        ),
        *(f"s3:ObjectRemoved:{kind}" for kind in ("*", "Delete", "DeleteMarkerCreated")),
        *(f"s3:ObjectRestore:{kind}" for kind in ("*", "Post", "Completed", "Delete")),
        *(
            f"s3:Replication:{kind}"
            for kind in (
                "*",
                "OperationFailedReplication",
                "OperationMissedThreshold",
                "OperationReplicatedAfterThreshold",
                "OperationNotTracked",
            )
        ),
        *(f"s3:LifecycleExpiration:{kind}" for kind in ("*", "Delete", "DeleteMarkerCreated")),
        "s3:LifecycleTransition",
        "s3:IntelligentTiering",
        *(f"s3:ObjectTagging:{kind}" for kind in ("*", "Put", "Delete")),
        "s3:ObjectAcl:Put",
    }
)
"""All that S3 knows ("Supported event types"); those of what Holdall does not do never come."""

_ROOT: Final = "NotificationConfiguration"
_ARN: Final = re.compile(r"arn:holdall:webhook:::([A-Za-z0-9._-]{1,128})", re.ASCII)
_ANY_ARN: Final = re.compile(r"arn(:[^:]*){5}.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Notification:
    """Events of these kinds, of keys that begin and end so, go to `destination`, an ARN.

    `kind` is the element that it came in.
    """

    kind: str
    id: str
    destination: str
    events: tuple[str, ...]
    prefix: str | None = None
    suffix: str | None = None

    @property
    def webhook(self) -> str | None:
        """The name of the webhook; None for an ARN of another service."""
        match = _ARN.fullmatch(self.destination)
        return match and match[1]

    def wants(self, event: str, key: str) -> bool:
        """Whether an event of one kind, such as `s3:ObjectCreated:Put`, is to be told."""
        return (
            any(_includes(each, event) for each in self.events)
            and key.startswith(self.prefix or "")
            and key.endswith(self.suffix or "")
        )


def _includes(listed: str, event: str) -> bool:
    return listed == event or (listed.endswith("*") and event.startswith(listed[:-1]))


def from_xml(body: bytes) -> tuple[Notification, ...]:
    """The configurations of a document; none is a way to have none. `MalformedXML`,
    `InvalidArgument` for what S3 knows no events of or cannot tell apart."""
    root = xml.parse(body, _ROOT)
    if len(root.children) > MOST:
        raise S3Error("InvalidArgument", f"A bucket has {MOST} notification configurations at most")
    found = tuple(_notification(child) for child in root.children)
    if len({each.id for each in found}) < len(found):
        raise S3Error(
            "InvalidArgument",
            "Same ID used for multiple configurations. IDs must be unique",
        )
    _refuse_overlaps(found)
    return found


def _notification(found: Element) -> Notification:
    if found.name == "EventBridgeConfiguration":
        raise S3Error("NotImplemented", "Notifications to an event bus")
    if found.name not in DESTINATIONS:
        raise S3Error("MalformedXML")
    prefix, suffix = _filter(found.find("Filter"))
    return Notification(
        kind=found.name,
        id=_id(found.get("Id")),
        destination=_destination(found),
        events=_events(found),
        prefix=prefix,
        suffix=suffix,
    )


def _id(text: str | None) -> str:
    if text is not None and len(text) > MAX_ID:
        raise _invalid(f"ID length should not exceed allowed limit of {MAX_ID}", "Id", text)
    return text or str(uuid.uuid4())


def _destination(found: Element) -> str:
    name = DESTINATIONS[found.name]
    arn = found.need(name).strip()
    if not _ANY_ARN.fullmatch(arn):
        raise _invalid("The ARN could not be parsed", name, arn)
    return arn


def _events(found: Element) -> tuple[str, ...]:
    listed = tuple(child.text.strip() for child in found.all("Event"))
    if not listed:
        raise S3Error("MalformedXML")
    for event in listed:
        if event not in EVENTS:
            raise _invalid("The event is not supported for notifications", "Event", event)
    return tuple(dict.fromkeys(listed))


def _filter(found: Element | None) -> tuple[str | None, str | None]:
    """The prefix and the suffix of the rules, whose names have no case."""
    rules = dict[str, str]()
    key = None if found is None else found.find("S3Key")
    for rule in () if key is None else key.all("FilterRule"):
        name, value = (rule.get("Name") or "").strip().lower(), rule.get("Value") or ""
        if name not in ("prefix", "suffix"):
            raise _invalid("filter rule name must be either prefix or suffix", "Name", name)
        if name in rules:
            raise _invalid(f"Cannot specify more than one {name} rule in a filter.", name, value)
        if len(value) > MAX_FILTER:
            raise _invalid(f"A filter value has {MAX_FILTER} characters at most", name, value)
        rules[name] = value
    return rules.get("prefix"), rules.get("suffix")


def _refuse_overlaps(found: Iterable[Notification]) -> None:
    for one, other in combinations(found, 2):
        if _overlap(one, other):
            raise S3Error(
                "InvalidArgument",
                "Configurations overlap. Configurations on the same bucket cannot share a common"
                " event type.",
            )


def _overlap(one: Notification, other: Notification) -> bool:
    """Whether some event would have to go to both."""
    shorter, longer = sorted((one.prefix or "", other.prefix or ""), key=len)
    if not longer.startswith(shorter):
        return False
    shorter, longer = sorted((one.suffix or "", other.suffix or ""), key=len)
    if not longer.endswith(shorter):
        return False
    return any(_includes(a, b) or _includes(b, a) for a in one.events for b in other.events)


def _invalid(message: str, name: str, value: str) -> S3Error:
    return S3Error("InvalidArgument", message, ArgumentName=name, ArgumentValue=value)


def webhooks_of(state: State) -> frozenset[str]:
    """The names of the webhooks that the server delivers to; none while it has none."""
    return state.webhooks


def require_destinations(found: Iterable[Notification], webhooks: Container[str]) -> None:
    """`InvalidArgument` for a destination that is none of these webhooks."""
    for each in found:
        if each.webhook not in webhooks:
            raise _invalid(
                "Unable to validate the following destination configurations",
                each.destination,
                "The destination is not a webhook of this server",
            )


def to_xml(found: Sequence[Notification]) -> bytes:
    """What `from_xml` reads: the answer to GetBucketNotificationConfiguration, and the way
    it is stored."""
    return xml.render(_ROOT, [(each.kind, _nodes(each)) for each in found])


def _nodes(found: Notification) -> list[Node]:
    rules: list[Node] = [
        ("FilterRule", [("Name", name), ("Value", value)])
        for name, value in (("Prefix", found.prefix), ("Suffix", found.suffix))
        if value is not None
    ]
    return [
        ("Id", found.id),
        (DESTINATIONS[found.kind], found.destination),
        *(("Event", event) for event in found.events),
        ("Filter", [("S3Key", rules)] if rules else None),
    ]


@remembered
def from_setting(text: str) -> tuple[Notification, ...]:
    """What `to_xml` wrote."""
    return from_xml(text.encode())


def notifications_of(bucket: Bucket) -> tuple[Notification, ...]:
    text = bucket.settings.get(SETTING)
    return () if text is None else from_setting(text)
