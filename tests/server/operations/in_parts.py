"""An object that was sent in parts, for tests that read it."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

BODIES = {1: b"a" * 5 * 1024 * 1024, 2: b"b" * 5 * 1024 * 1024, 7: b"c"}


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def send_in_parts(client: Any) -> tuple[Any, str]:
    """An object of three parts with a composite checksum, and who sent it."""
    client.create_bucket(Bucket="parted")
    place = {"Bucket": "parted", "Key": "k"}
    place["UploadId"] = client.create_multipart_upload(**place, ChecksumAlgorithm="SHA256")[
        "UploadId"
    ]
    parts = []
    for number, body in BODIES.items():
        part = client.upload_part(**place, PartNumber=number, Body=body, ChecksumAlgorithm="SHA256")
        parts.append(
            {
                "PartNumber": number,
                "ETag": part["ETag"],
                "ChecksumSHA256": part["ChecksumSHA256"],
            }
        )
    client.complete_multipart_upload(**place, MultipartUpload={"Parts": parts})
    return client, "parted"
