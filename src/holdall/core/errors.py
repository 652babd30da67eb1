"""Every error that Holdall raises, in one tree.

    HoldallError
    ├── InvalidArgument (ValueError)      the call could never succeed as written
    │   ├── InvalidKey
    │   ├── InvalidBucketName
    │   ├── InvalidURI
    │   └── PartTooSmall
    ├── NotFound (FileNotFoundError)      alias ResourceNotFound
    │   ├── BucketNotFound
    │   ├── BlobNotFound
    │   ├── RevisionNotFound
    │   ├── UploadNotFound
    │   └── StoreNotFound
    ├── Conflict
    │   ├── BucketExists (FileExistsError)
    │   ├── BucketNotEmpty
    │   └── LeaseLost                     a writer was taken for dead
    ├── PreconditionFailed
    ├── PermissionDenied (PermissionError)
    │   ├── Locked                        a retention or a legal hold forbids the removal
    │   └── WrongKey                      encrypted bytes, and no key or another one
    ├── IsADirectory (IsADirectoryError)
    ├── NotADirectory (NotADirectoryError)
    ├── NotSupported (NotImplementedError)
    ├── HistoryGone                       a time before the bucket's history floor
    ├── ChecksumMismatch (ValueError)     the bytes sent are not the bytes announced
    ├── Closed (ValueError)               a client or a reading used after closing
    ├── TransferFailed                    some of many files; `failed` says which and why
    ├── StoreError (OSError)              the place that holds the bytes is at fault
    │   ├── Corrupt                       stored bytes differ from their checksum
    │   ├── StorageFull
    │   ├── ReadOnlyStore
    │   ├── FormatError                   not a store, or written by a newer Holdall
    │   └── OutcomeUnknown                a commit neither confirmed nor refuted
    ├── Busy                              try again later; the server answers SlowDown
    └── Timeout (TimeoutError)

Errors carry facts as attributes (`bucket`, `key`, `revision`, `expected`, `actual`,
`path`, …); what a fact is depends on the error, absent ones are None. `retryable` says
whether the same call may succeed later without anything being changed by the caller.
"""

from __future__ import annotations

import builtins
from typing import Any, ClassVar


class HoldallError(Exception):
    """The base of all errors. `facts` holds whatever was known when it was raised."""

    retryable: ClassVar[bool] = False

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "facts":
            raise AttributeError(name)
        return self.facts.get(name)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.facts)


def _rebuild(kind: type[HoldallError], message: str, facts: dict[str, Any]) -> HoldallError:
    return kind(message, **facts)


class InvalidArgument(HoldallError, ValueError):
    """The call could never succeed as written."""


class InvalidKey(InvalidArgument):
    """A key is empty, longer than 1024 bytes of UTF-8, or holds a lone surrogate."""


class InvalidBucketName(InvalidArgument):
    """A bucket name breaks the rule in `holdall.core.names`."""


class InvalidURI(InvalidArgument):
    """A text is not a `blob:` URI."""


class PartTooSmall(InvalidArgument):
    """A part of an upload other than its last is too small (`number`, `size`, `least`)."""


class NotFound(HoldallError, FileNotFoundError):
    """Something named in the call does not exist."""


class BucketNotFound(NotFound):
    """No such bucket."""


class BlobNotFound(NotFound):
    """The key holds no blob now."""


class RevisionNotFound(NotFound):
    """The blob has no such revision."""


class UploadNotFound(NotFound):
    """No such upload, or it was completed or aborted."""


class StoreNotFound(NotFound):
    """There is no store at this place."""


ResourceNotFound = NotFound


class Conflict(HoldallError):
    """The call contradicts the present state."""


class BucketExists(Conflict, FileExistsError):
    """The owner already has a bucket of this name."""


class BucketNotEmpty(Conflict):
    """The bucket still holds blobs, old revisions or uploads; `usage` says what."""


class LeaseLost(Conflict):
    """A writer was silent for longer than its lease and its payload was given up."""

    retryable = True


class PreconditionFailed(HoldallError):
    """The blob is not in the state that the call demanded (`expected`, `actual`)."""


class PermissionDenied(HoldallError, PermissionError):
    """The caller may not do this."""


class Locked(PermissionDenied):
    """A legal hold or a retention that is not over keeps the revision (`mode`, `until`)."""


class WrongKey(PermissionDenied):
    """The bytes are encrypted, and the key that protects them was not given."""


class IsADirectory(HoldallError, builtins.IsADirectoryError):
    """A blob was asked for and the name is only a prefix of others."""


class NotADirectory(HoldallError, builtins.NotADirectoryError):
    """A prefix was asked for and the name is a blob."""


class NotSupported(HoldallError, NotImplementedError):
    """The backend cannot do this; raised before any I/O."""


class HistoryGone(HoldallError):
    """The bucket no longer remembers the time asked for; `floor` is the earliest it does."""


class ChecksumMismatch(HoldallError, ValueError):
    """The bytes sent do not have the digest announced (`algorithm`, `expected`, `actual`)."""


class Closed(HoldallError, ValueError):
    """A client, store or reading was used after it was closed."""


class TransferFailed(HoldallError):
    """Some of many files could not be transferred or removed; the others were."""


class StoreError(HoldallError, OSError):
    """The place that holds the bytes or the catalog failed."""


class Corrupt(StoreError):
    """Stored bytes are missing, short, or differ from their checksum."""


class StorageFull(StoreError):
    """No room, or no quota, to store this; nothing of the call was kept."""

    retryable = True


class ReadOnlyStore(StoreError):
    """The store can be read and not written."""


class FormatError(StoreError):
    """A directory that is no store, or one that a newer Holdall wrote."""


class OutcomeUnknown(StoreError):
    """A commit was neither confirmed nor refuted; look before you try again."""


class Busy(HoldallError):
    """More work is waiting than the store accepts; nothing of this call was done."""

    retryable = True


class Timeout(HoldallError, TimeoutError):
    """The call took longer than it was allowed."""

    retryable = True
