"""Whom a statement speaks of: the `Principal` and `NotPrincipal` of a bucket policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from holdall.server.access.documents import malformed, texts
from holdall.server.access.identity import Identity

_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_CANONICAL: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_IAM: Final = re.compile(r"arn:aws[a-z-]*:iam::([^:*?]*):(root|user/|role/)([^*?]*)")
_STS: Final = re.compile(
    r"arn:aws[a-z-]*:sts::[^:*?]*:(?:assumed-role/[^/*?]+|federated-user)/[^*?]+"
)
_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")

_INVALID: Final = "Invalid principal in policy"


class Everyone:
    """`*`: everybody, anonymous callers included."""

    def names(self, caller: Identity) -> bool:
        return True


class Account(NamedTuple):
    """All of an account, by its twelve digits, its canonical id or its user's name.

    A text names by its form, so that nobody becomes somebody else by choosing a name that
    looks like an id.
    """

    text: str

    def names(self, caller: Identity) -> bool:
        if _ACCOUNT.fullmatch(self.text):
            return caller.account == self.text
        if _CANONICAL.fullmatch(self.text):
            return caller.canonical_id == self.text
        return caller.user == self.text


class User(NamedTuple):
    """A user by name, of the account given or of any."""

    name: str
    account: Account | None

    def names(self, caller: Identity) -> bool:
        return caller.user == self.name and (self.account is None or self.account.names(caller))


class Stranger(NamedTuple):
    """A role, a session, a service or a provider of AWS: nobody who ever calls here."""

    text: str

    def names(self, caller: Identity) -> bool:
        return False


Principal = Everyone | Account | User | Stranger


class Principals(NamedTuple):
    """`inverted` is `NotPrincipal`: all but those listed."""

    listed: tuple[Principal, ...]
    inverted: bool

    def name(self, caller: Identity) -> bool:
        return self._lists(caller) != self.inverted

    def _lists(self, caller: Identity) -> bool:
        if caller.kind == "anonymous":
            return any(isinstance(each, Everyone) for each in self.listed)
        return any(each.names(caller) for each in self.listed)

    @property
    def are_fixed(self) -> bool:
        """Whether they can be counted ("The meaning of public" in the S3 User Guide)."""
        return not self.inverted and not any(isinstance(each, Everyone) for each in self.listed)


def parse(found: object, *, inverted: bool) -> Principals:
    """`"*"`, or an object of kinds with a text or a list each. `MalformedPolicy`."""
    if found == "*":
        return Principals((Everyone(),), inverted)
    if not isinstance(found, dict) or not found:
        raise malformed(_INVALID)
    return Principals(tuple(_listed(found)), inverted)


def _listed(found: dict[str, Any]) -> Iterator[Principal]:
    for kind, names in found.items():
        read = _READERS.get(kind)
        if read is None:
            raise malformed(_INVALID)
        yield from map(read, texts(names, _INVALID))


def _aws(text: str) -> Principal:
    if text == "*":
        return Everyone()
    if not text.startswith("arn:"):
        return _account(text)
    if _STS.fullmatch(text):
        return Stranger(text)
    match = _IAM.fullmatch(text)
    if match is None:
        raise malformed(_INVALID)
    return _identity(text, *match.groups())


def _account(text: str) -> Account:
    if not text or re.search(r"[*?/:]", text):
        raise malformed(_INVALID)
    return Account(text)


def _identity(text: str, account: str, kind: str, name: str) -> Principal:
    if (kind == "root") == bool(name) or (kind == "root" and not account):
        raise malformed(_INVALID)
    if kind == "root":
        return Account(account)
    if kind == "role/":
        return Stranger(text)
    return User(name.rpartition("/")[2], Account(account) if account else None)


def _canonical(text: str) -> Principal:
    if not text or re.search(r"[*?]", text):
        raise malformed(_INVALID)
    return Account(text) if _CANONICAL.fullmatch(text) else Stranger(text)


def _service(text: str) -> Principal:
    if not _SERVICE.fullmatch(text):
        raise malformed(_INVALID)
    return Stranger(text)


def _federated(text: str) -> Principal:
    if not text or re.search(r"[*?]", text):
        raise malformed(_INVALID)
    return Stranger(text)


_READERS: Final = {
    "AWS": _aws,
    "CanonicalUser": _canonical,
    "Service": _service,
    "Federated": _federated,
}
