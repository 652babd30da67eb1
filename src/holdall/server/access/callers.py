"""A caller: who it is, what it belongs to, and how far its key reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from holdall.server.access.context import Value
from holdall.server.access.identity import Identity
from holdall.server.access.policies import Policy

Role = Literal["owner", "admin", "member", "reader"]


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What a key may be used for, whoever holds it. `buckets` are names, None for all;
    `policies` are its own and those of the temporary credentials made with it: each must
    allow what is done."""

    buckets: frozenset[str] | None = None
    read_only: bool = False
    policies: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Identity):
    """`orgs` are the roles that the user has, by the names of the organisations."""

    orgs: Mapping[str, Role] = field(default_factory=dict)
    key: KeyScope | None = None

    @property
    def is_under_policies(self) -> bool:
        """Whether policies of the key may tell one object from another."""
        return self.key is not None and bool(self.key.policies)


_TYPES = {"root": "Account", "user": "User", "anonymous": "Anonymous"}


def context_of(caller: Caller) -> Mapping[str, Value]:
    """The condition keys that tell who calls ("Properties of the principal")."""
    return dict(_facts(caller))


def _facts(caller: Caller) -> Iterator[tuple[str, str]]:
    yield "aws:PrincipalType", _TYPES[caller.kind]
    yield "aws:PrincipalIsAWSService", "false"
    if caller.kind == "anonymous":
        yield "aws:userid", "anonymous"
        return
    yield "aws:userid", caller.canonical_id
    yield "aws:username", caller.user
    yield "aws:PrincipalArn", f"arn:aws:iam::{caller.account}:user/{caller.user}"
    if caller.account:
        yield "aws:PrincipalAccount", caller.account
