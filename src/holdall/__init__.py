"""Holdall keeps an application's files: buckets of versioned blobs in one directory.

Names are imported when they are first used, so that a program that only prints its help
pays for none of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from holdall.client.buckets import Buckets as Buckets
    from holdall.client.client import Client as Client
    from holdall.client.client import connect as connect
    from holdall.client.failures import Failure as Failure
    from holdall.client.progress import AbstractDeleteProgress as AbstractDeleteProgress
    from holdall.client.progress import AbstractFileProgress as AbstractFileProgress
    from holdall.client.progress import (
        AbstractRecursiveFileProgress as AbstractRecursiveFileProgress,
    )
    from holdall.client.progress import StorageProgressComplete as StorageProgressComplete
    from holdall.client.progress import StorageProgressDelete as StorageProgressDelete
    from holdall.client.progress import StorageProgressEnterDir as StorageProgressEnterDir
    from holdall.client.progress import StorageProgressFail as StorageProgressFail
    from holdall.client.progress import StorageProgressLeaveDir as StorageProgressLeaveDir
    from holdall.client.progress import StorageProgressSkip as StorageProgressSkip
    from holdall.client.progress import StorageProgressStart as StorageProgressStart
    from holdall.client.progress import StorageProgressStep as StorageProgressStep
    from holdall.client.values.bucket import Bucket as Bucket
    from holdall.client.values.credentials import BucketCredentials as BucketCredentials
    from holdall.client.values.credentials import (
        PersistentBucketCredentials as PersistentBucketCredentials,
    )
    from holdall.client.values.entry import BlobCommonPrefix as BlobCommonPrefix
    from holdall.client.values.entry import BlobObject as BlobObject
    from holdall.client.values.entry import BucketEntry as BucketEntry
    from holdall.client.values.usage import BucketUsage as BucketUsage
    from holdall.core.errors import BlobNotFound as BlobNotFound
    from holdall.core.errors import BucketExists as BucketExists
    from holdall.core.errors import BucketNotEmpty as BucketNotEmpty
    from holdall.core.errors import BucketNotFound as BucketNotFound
    from holdall.core.errors import Busy as Busy
    from holdall.core.errors import ChecksumMismatch as ChecksumMismatch
    from holdall.core.errors import Closed as Closed
    from holdall.core.errors import Conflict as Conflict
    from holdall.core.errors import Corrupt as Corrupt
    from holdall.core.errors import FormatError as FormatError
    from holdall.core.errors import HistoryGone as HistoryGone
    from holdall.core.errors import HoldallError as HoldallError
    from holdall.core.errors import InvalidArgument as InvalidArgument
    from holdall.core.errors import InvalidBucketName as InvalidBucketName
    from holdall.core.errors import InvalidKey as InvalidKey
    from holdall.core.errors import InvalidURI as InvalidURI
    from holdall.core.errors import IsADirectory as IsADirectory
    from holdall.core.errors import LeaseLost as LeaseLost
    from holdall.core.errors import NotADirectory as NotADirectory
    from holdall.core.errors import NotFound as NotFound
    from holdall.core.errors import NotSupported as NotSupported
    from holdall.core.errors import OutcomeUnknown as OutcomeUnknown
    from holdall.core.errors import PermissionDenied as PermissionDenied
    from holdall.core.errors import PreconditionFailed as PreconditionFailed
    from holdall.core.errors import ReadOnlyStore as ReadOnlyStore
    from holdall.core.errors import ResourceNotFound as ResourceNotFound
    from holdall.core.errors import RevisionNotFound as RevisionNotFound
    from holdall.core.errors import StorageFull as StorageFull
    from holdall.core.errors import StoreError as StoreError
    from holdall.core.errors import StoreNotFound as StoreNotFound
    from holdall.core.errors import Timeout as Timeout
    from holdall.core.errors import TransferFailed as TransferFailed
    from holdall.core.errors import UploadNotFound as UploadNotFound
    from holdall.core.uris import BlobURI as BlobURI
    from holdall.core.values import Versioning as Versioning

_NAMES: Final = {
    "holdall.client.client": ("Client", "connect"),
    "holdall.client.buckets": ("Buckets",),
    "holdall.client.failures": ("Failure",),
    "holdall.client.progress": (
        "AbstractDeleteProgress",
        "AbstractFileProgress",
        "AbstractRecursiveFileProgress",
        "StorageProgressComplete",
        "StorageProgressDelete",
        "StorageProgressEnterDir",
        "StorageProgressFail",
        "StorageProgressLeaveDir",
        "StorageProgressSkip",
        "StorageProgressStart",
        "StorageProgressStep",
    ),
    "holdall.client.values.bucket": ("Bucket",),
    "holdall.client.values.credentials": (
        "BucketCredentials",
        "PersistentBucketCredentials",
    ),
    "holdall.client.values.entry": (
        "BlobCommonPrefix",
        "BlobObject",
        "BucketEntry",
    ),
    "holdall.client.values.usage": ("BucketUsage",),
    "holdall.core.errors": (
        "BlobNotFound",
        "BucketExists",
        "BucketNotEmpty",
        "BucketNotFound",
        "Busy",
        "ChecksumMismatch",
        "Closed",
        "Conflict",
        "Corrupt",
        "FormatError",
        "HistoryGone",
        "HoldallError",
        "InvalidArgument",
        "InvalidBucketName",
        "InvalidKey",
        "InvalidURI",
        "IsADirectory",
        "LeaseLost",
        "NotADirectory",
        "NotFound",
        "NotSupported",
        "OutcomeUnknown",
        "PermissionDenied",
        "PreconditionFailed",
        "ReadOnlyStore",
        "ResourceNotFound",
        "RevisionNotFound",
        "StorageFull",
        "StoreError",
        "StoreNotFound",
        "Timeout",
        "TransferFailed",
        "UploadNotFound",
    ),
    "holdall.core.uris": ("BlobURI",),
    "holdall.core.values": ("Versioning",),
}

_HOMES: Final = {name: home for home, names in _NAMES.items() for name in names}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'holdall' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def _version() -> str:
    """The version that was installed; a bare source tree has none."""
    metadata = import_module("importlib.metadata")
    try:
        return str(metadata.version("holdall"))
    except metadata.PackageNotFoundError:
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
