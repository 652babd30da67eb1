from __future__ import annotations

import pytest

from holdall.server.access.condition_keys import is_known
from holdall.server.access.context import normalised


@pytest.mark.parametrize(
    "key",
    ["aws:SourceIp", "AWS:SECURETRANSPORT", "aws:CurrentTime", "aws:UserAgent", "aws:Referer",
     "aws:username", "aws:PrincipalType", "aws:userid", "s3:prefix", "s3:delimiter",
     "s3:max-keys", "s3:x-amz-acl", "s3:x-amz-grant-read-acp", "s3:x-amz-copy-source",
     "s3:x-amz-server-side-encryption-aws-kms-key-id", "s3:x-amz-metadata-directive",
     "s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-storage-class",
     "s3:VersionId", "s3:LocationConstraint", "s3:ExistingObjectTag/k", "s3:RequestObjectTag/k",
     "s3:RequestObjectTagKeys", "s3:object-lock-remaining-retention-days", "s3:authType",
     "s3:signatureversion", "s3:signatureAge", "s3:TlsVersion", "s3:x-amz-content-sha256"],
)  # fmt: skip
def test_keys_that_policies_use(key: str) -> None:
    assert is_known(normalised(key))


@pytest.mark.parametrize(
    "key", ["", "prefix", "s3:", "aws:NoSuchKey", "s3:ExistingObjectTag", "ec2:Region"]
)
def test_keys_that_there_are_not(key: str) -> None:
    assert not is_known(normalised(key))
