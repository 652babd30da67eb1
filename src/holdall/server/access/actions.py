"""The actions that a bucket policy can name, and how much access each of them is.

Names and kinds of resource are those of "Actions, resources, and condition keys for Amazon
S3" in the Service Authorization Reference, as far as they concern a bucket or its objects.
"""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["read", "write", "manage"]


def _named(names: str) -> frozenset[str]:
    return frozenset(f"s3:{name}" for name in names.split())


_BOTH_WAYS: Final = """
    AccelerateConfiguration AnalyticsConfiguration BucketAcl BucketCORS BucketLogging
    BucketNotification BucketObjectLockConfiguration BucketOwnershipControls BucketPolicy
    BucketPublicAccessBlock BucketRequestPayment BucketTagging BucketVersioning BucketWebsite
    EncryptionConfiguration IntelligentTieringConfiguration InventoryConfiguration
    LifecycleConfiguration MetricsConfiguration ReplicationConfiguration
"""

ON_BUCKETS: Final = (
    _named("CreateBucket DeleteBucket ListBucket ListBucketVersions ListBucketMultipartUploads")
    | _named("GetBucketLocation GetBucketPolicyStatus DeleteBucketPolicy DeleteBucketWebsite")
    | _named("CreateBucketMetadataTableConfiguration GetBucketMetadataTableConfiguration")
    | _named("DeleteBucketMetadataTableConfiguration")
    | {f"s3:{verb}{noun}" for verb in ("Get", "Put") for noun in _BOTH_WAYS.split()}
)

ON_OBJECTS: Final = _named("""
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging
    DeleteObjectVersion DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes
    GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion
    GetObjectVersionAcl GetObjectVersionAttributes GetObjectVersionForReplication
    GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts
    ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging
    ReplicateDelete ReplicateObject ReplicateTags RestoreObject
""")

KNOWN: Final = ON_BUCKETS | ON_OBJECTS

ON_POLICIES: Final = _named("GetBucketPolicy PutBucketPolicy DeleteBucketPolicy")
"""What no policy can keep the owner of a bucket from doing."""

FOLLOWS_OBJECT: Final = _named("""
    DeleteObjectTagging DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl
    GetObjectVersionAttributes GetObjectVersionTagging GetObjectVersionTorrent PutObjectAcl
    PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging
""")
"""What the owner of an object decides, not that of its bucket, who may only delete, lock or
restore what others wrote ("How Amazon S3 authorizes a request for an object operation")."""

_READS: Final = _named("""
    GetAccelerateConfiguration GetBucketCORS GetBucketLocation GetBucketObjectLockConfiguration
    GetBucketOwnershipControls GetBucketRequestPayment GetBucketTagging GetBucketVersioning
    GetEncryptionConfiguration GetLifecycleConfiguration GetObject GetObjectAttributes
    GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion
    GetObjectVersionAttributes GetObjectVersionTagging GetObjectVersionTorrent ListBucket
    ListBucketMultipartUploads ListBucketVersions ListMultipartUploadParts
""")

_WRITES: Final = _named("""
    AbortMultipartUpload DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging PutObject PutObjectTagging PutObjectVersionTagging RestoreObject
""")


def level_of(action: str) -> Level:
    """The least that a role or a grant must give for this action.

    Who may see what a bucket holds need not see whom else it is shared with: policies,
    access lists and the addresses of webhooks are for those who manage it, and so are
    locks, because a lock binds its owner too.
    """
    if action in _READS:
        return "read"
    return "write" if action in _WRITES else "manage"
