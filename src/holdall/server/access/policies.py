"""Bucket policies, and the session policies of temporary credentials.

The grammar is that of "IAM JSON policy elements reference" with what "Bucket policies for
Amazon S3" makes of it; messages are those that S3 answers, where it is known for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from holdall.server.access import conditions, documents, principals, resources
from holdall.server.access.actions import KNOWN, ON_BUCKETS, ON_OBJECTS
from holdall.server.access.conditions import Condition
from holdall.server.access.context import Context
from holdall.server.access.documents import malformed
from holdall.server.access.identity import Identity
from holdall.server.access.principals import Principals
from holdall.server.access.resources import Kinds, Resources
from holdall.server.access.wildcards import matches_any, pattern

Effect = Literal["Allow", "Deny"]

MAX_SESSION_BYTES: Final = 2048
"""Of a policy handed to AssumeRole (AWS STS API reference)."""

_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_POLICY: Final = frozenset({"Version", "Id", "Statement"})
_STATEMENT: Final = frozenset({
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
    "NotResource", "Condition",
})  # fmt: skip
_ACTION: Final = "Policy has invalid action"


class Actions(NamedTuple):
    """Patterns of actions in lower case. `inverted` is `NotAction`: all but those listed."""

    listed: tuple[str, ...]
    inverted: bool

    def name(self, action: str) -> bool:
        return matches_any(self.listed, action.lower()) != self.inverted


@dataclass(frozen=True, slots=True)
class Statement:
    """`label` is its Sid in quotes, or its place in the policy. A session policy names
    nobody: it speaks of whoever holds the credentials."""

    label: str
    effect: Effect
    principals: Principals | None
    actions: Actions
    resources: Resources
    conditions: tuple[Condition, ...]

    def counts(self, caller: Identity, action: str, resource: str, context: Context) -> bool:
        return (
            self.actions.name(action)
            and (self.principals is None or self.principals.name(caller))
            and self.resources.name(resource, context)
            and all(condition.holds(context) for condition in self.conditions)
        )


class Verdict(NamedTuple):
    """What a policy says, and the label of the statement that says it."""

    effect: Effect
    label: str


@dataclass(frozen=True, slots=True)
class Policy:
    version: str
    statements: tuple[Statement, ...]

    def verdict(
        self, caller: Identity, action: str, resource: str, context: Context
    ) -> Verdict | None:
        """A statement that denies wins over any that allows; None if nothing is said."""
        allowed = None
        for statement in self.statements:
            if statement.effect == "Allow" and allowed is not None:
                continue
            if statement.counts(caller, action, resource, context):
                if statement.effect == "Deny":
                    return Verdict("Deny", statement.label)
                allowed = Verdict("Allow", statement.label)
        return allowed


class _Grammar(NamedTuple):
    """`bucket` is the one that a policy is of, None for session policies."""

    bucket: str | None
    version: str

    @property
    def has_variables(self) -> bool:
        return self.version == _VERSIONS[0]


def parse(document: bytes, bucket: str) -> Policy:
    """Read the policy of a bucket, at most 20 KiB. `MalformedPolicy` says what is wrong."""
    return _policy(documents.load(document), bucket)


def parse_session(document: bytes) -> Policy:
    """Read a session policy, at most 2,048 bytes. `MalformedPolicy`."""
    return _policy(documents.load(document, MAX_SESSION_BYTES), None)


def _policy(found: dict[str, Any], bucket: str | None) -> Policy:
    documents.fields(found, _POLICY)
    version = found.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise malformed("The policy must contain a valid version string")
    documents.text(found.get("Id", ""), "Invalid policy syntax.")
    grammar = _Grammar(bucket, version)
    statements = tuple(
        _statement(each, index, grammar) for index, each in enumerate(_listed(found), 1)
    )
    _refuse_same_labels(statements)
    return Policy(version, statements)


def _listed(found: dict[str, Any]) -> list[Any]:
    listed = found.get("Statement")
    if not listed:
        raise malformed("Missing required field Statement")
    return listed if isinstance(listed, list) else [listed]


def _refuse_same_labels(statements: tuple[Statement, ...]) -> None:
    if len({each.label for each in statements}) < len(statements):
        raise malformed("Statement IDs (SID) in a single policy must be unique")


def _statement(found: object, index: int, grammar: _Grammar) -> Statement:
    fields = documents.fields(found, _STATEMENT)
    effect = _effect(fields)
    who = _principals(fields, grammar)
    actions = _actions(*_either(fields, "Action"))
    what, inverted = _either(fields, "Resource")
    named = resources.parse(
        what, inverted=inverted, bucket=grammar.bucket, variables=grammar.has_variables
    )
    if grammar.bucket is not None:
        _demand_sense(actions, named.kinds(grammar.bucket))
    return Statement(
        label=_label(fields, index),
        effect=effect,
        principals=who,
        actions=actions,
        resources=named,
        conditions=conditions.parse(fields.get("Condition", {}), variables=grammar.has_variables),
    )


def _label(fields: dict[str, Any], index: int) -> str:
    sid = documents.text(fields.get("Sid", ""), "Invalid policy syntax.")
    return f"'{sid}'" if sid else f"number {index}"


def _effect(fields: dict[str, Any]) -> Effect:
    found = fields.get("Effect")
    if found is None:
        raise malformed("Missing required field Effect")
    if found == "Allow":
        return "Allow"
    if found == "Deny":
        return "Deny"
    raise malformed(f"Invalid effect: {documents.text(found, 'Invalid policy syntax.')}")


def _either(fields: dict[str, Any], name: str) -> tuple[object, bool]:
    """What the field or its `Not…` holds, and whether it was the latter."""
    plain, inverted = name in fields, f"Not{name}" in fields
    if plain and inverted:
        raise malformed(f"Statement has both {name} and Not{name}")
    if not plain and not inverted:
        raise malformed(f"Missing required field {name}")
    return fields[f"Not{name}" if inverted else name], inverted


def _principals(fields: dict[str, Any], grammar: _Grammar) -> Principals | None:
    if grammar.bucket is not None:
        found, inverted = _either(fields, "Principal")
        return principals.parse(found, inverted=inverted)
    if fields.keys() & {"Principal", "NotPrincipal"}:
        raise malformed("Policy document should not specify a principal.")
    return None


def _actions(found: object, inverted: bool) -> Actions:
    listed = documents.texts(found, _ACTION)
    return Actions(tuple(pattern(each.lower()) for each in listed), inverted)


def _demand_sense(actions: Actions, kinds: Kinds) -> None:
    """Each action must exist, and one that it may mean must apply to a resource."""
    for listed in actions.listed:
        meant = set(_meant(listed))
        if not meant:
            raise malformed(_ACTION)
        on_bucket = kinds.bucket and meant & ON_BUCKETS
        if not actions.inverted and not on_bucket and not (kinds.objects and meant & ON_OBJECTS):
            raise malformed("Action does not apply to any resource(s) in statement")


def _meant(listed: str) -> Iterator[str]:
    return (action for action in KNOWN if matches_any([listed], action.lower()))
