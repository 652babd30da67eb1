"""The S3 wire client: byte-exact keys, streams both ways, retries, one request at the bottom."""

from __future__ import annotations

from holdall.s3.client.bodies import Body
from holdall.s3.client.client import S3Client
from holdall.s3.client.download import Download
from holdall.s3.client.retrying import Retries
from holdall.s3.client.sender import Patience
from holdall.s3.client.uploading import PartsUpload
from holdall.s3.client.values import (
    Answer,
    Deleted,
    Head,
    Listed,
    ListedBucket,
    Listing,
    PartPage,
    SentPart,
    Stored,
    Unfinished,
    UploadPage,
)

__all__ = [
    "Answer",
    "Body",
    "Deleted",
    "Download",
    "Head",
    "Listed",
    "ListedBucket",
    "Listing",
    "PartPage",
    "PartsUpload",
    "Patience",
    "Retries",
    "S3Client",
    "SentPart",
    "Stored",
    "Unfinished",
    "UploadPage",
]
