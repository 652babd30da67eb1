"""Holdall's errors as S3's: the one place where they are translated."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

from holdall.core import errors
from holdall.core.errors import HoldallError
from holdall.s3.errors import S3Error

Translation = Callable[[HoldallError], S3Error]


def _plain(code: str) -> Translation:
    """The code alone: our message may say what is not the caller's business."""
    return lambda error: S3Error(code)


def _said(code: str) -> Translation:
    """The code with our own message, which speaks of the caller's own words only."""
    return lambda error: S3Error(code, error.message)


def _invalid_key(error: HoldallError) -> S3Error:
    too_long = error.actual is not None and isinstance(error.actual, int) and error.actual > 1024
    return S3Error("KeyTooLongError") if too_long else S3Error("InvalidArgument", error.message)


def _mismatch(error: HoldallError) -> S3Error:
    return S3Error("BadDigest", f"The {error.algorithm} you specified did not match the content.")


def _precondition(error: HoldallError) -> S3Error:
    """A write that must match what is not there (S3 "Conditional writes")."""
    absent = error.condition == "if_match" and error.actual is None
    return S3Error("NoSuchKey" if absent else "PreconditionFailed")


TRANSLATIONS: Final = MappingProxyType[type[HoldallError], Translation](
    {
        errors.HoldallError: _plain("InternalError"),
        errors.InvalidArgument: _said("InvalidArgument"),
        errors.InvalidKey: _invalid_key,
        errors.InvalidBucketName: _plain("InvalidBucketName"),
        errors.InvalidURI: _said("InvalidURI"),
        errors.NotFound: _plain("NoSuchKey"),
        errors.BucketNotFound: _plain("NoSuchBucket"),
        errors.BlobNotFound: _plain("NoSuchKey"),
        errors.RevisionNotFound: _plain("NoSuchVersion"),
        errors.UploadNotFound: _plain("NoSuchUpload"),
        errors.StoreNotFound: _plain("InternalError"),
        errors.Conflict: _said("OperationAborted"),
        errors.BucketExists: _plain("BucketAlreadyExists"),
        errors.BucketNotEmpty: _plain("BucketNotEmpty"),
        errors.LeaseLost: _plain("RequestTimeout"),
        errors.PreconditionFailed: _precondition,
        errors.PermissionDenied: _plain("AccessDenied"),
        errors.WrongKey: _plain("AccessDenied"),
        errors.IsADirectory: _plain("NoSuchKey"),
        errors.NotADirectory: _plain("NoSuchKey"),
        errors.NotSupported: _plain("NotImplemented"),
        errors.HistoryGone: _said("InvalidArgument"),
        errors.ChecksumMismatch: _mismatch,
        errors.Closed: _plain("ServiceUnavailable"),
        errors.TransferFailed: _plain("InternalError"),
        errors.StoreError: _plain("InternalError"),
        errors.Corrupt: _plain("InternalError"),
        errors.StorageFull: _plain("StorageFull"),
        errors.ReadOnlyStore: _plain("ServiceUnavailable"),
        errors.FormatError: _plain("InternalError"),
        errors.OutcomeUnknown: _plain("InternalError"),
        errors.Busy: _plain("SlowDown"),
        errors.Timeout: _plain("RequestTimeout"),
    }
)


def translate(error: HoldallError) -> S3Error:
    """By the error's own class, else by the nearest one above it."""
    for kind in type(error).__mro__:
        if kind in TRANSLATIONS:
            return TRANSLATIONS[kind](error)
    raise AssertionError("every HoldallError is one")
