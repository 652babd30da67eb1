"""Who may do what: every operation, and every kind of caller.

`+` is allowed and `-` denied. The levels of operations are those of "Actions" in docs/s3.md,
the rest is S3's: "How Amazon S3 authorizes a request", "Mapping of ACL permissions and access
policy permissions", and the permissions that the API reference lists with each operation.
`Name@version` is the operation with a version named.
"""

from __future__ import annotations

from typing import Final

from .world import COLUMNS

# Callers, one a character, in the order of COLUMNS: the administrator and the bucket's owner;
# owner, admin, member and reader of the organisation that owns the bucket; who was granted read,
# write, manage; the owner's keys that are read-only, for this bucket, for another bucket, and
# temporary with a policy that allows s3:GetObject; somebody else and nobody; nobody again, at a
# bucket that is public, has public-read lists, or a policy of s3:GetObject and s3:ListBucket.
_ROWS: Final = """
ListBuckets                                 ++ ++++ +++ +++- +- ---
CreateBucket                                ++ ++++ +++ ---- +- ---
HeadBucket                                  ++ ++++ +++ ++-- -- -++
DeleteBucket                                ++ ++-- --+ -+-- -- ---
ListObjects                                 ++ ++++ +++ ++-- -- -++
ListObjectsV2                               ++ ++++ +++ ++-- -- -++
PutObject                                   ++ +++- -++ -+-- -- ---
GetObject                                   ++ ++++ +++ ++-+ -- +++
GetObject@version                           ++ ++++ +++ ++-- -- -+-
HeadObject                                  ++ ++++ +++ ++-+ -- +++
HeadObject@version                          ++ ++++ +++ ++-- -- -+-
DeleteObject                                ++ +++- -++ -+-- -- ---
DeleteObject@version                        ++ +++- -++ -+-- -- ---
GetBucketAcl                                ++ ++-- --+ ++-- -- ---
PutBucketAcl                                ++ ++-- --+ -+-- -- ---
GetBucketTagging                            ++ ++++ +++ ++-- -- ---
PutBucketTagging                            ++ ++-- --+ -+-- -- ---
DeleteBucketTagging                         ++ ++-- --+ -+-- -- ---
GetBucketCors                               ++ ++++ +++ ++-- -- ---
PutBucketCors                               ++ ++-- --+ -+-- -- ---
DeleteBucketCors                            ++ ++-- --+ -+-- -- ---
GetBucketEncryption                         ++ ++++ +++ ++-- -- ---
PutBucketEncryption                         ++ ++-- --+ -+-- -- ---
DeleteBucketEncryption                      ++ ++-- --+ -+-- -- ---
GetObjectLegalHold                          ++ ++++ +++ ++-- -- ---
PutObjectLegalHold                          ++ ++-- --+ -+-- -- ---
GetBucketLifecycleConfiguration             ++ ++++ +++ ++-- -- ---
PutBucketLifecycleConfiguration             ++ ++-- --+ -+-- -- ---
DeleteBucketLifecycle                       ++ ++-- --+ -+-- -- ---
GetBucketLocation                           ++ ++++ +++ ++-- -- ---
GetBucketNotificationConfiguration          ++ ++-- --+ ++-- -- ---
PutBucketNotificationConfiguration          ++ ++-- --+ -+-- -- ---
GetObjectAcl                                ++ ++-- --+ ++-- -- ---
GetObjectAcl@version                        ++ ++-- --+ ++-- -- ---
PutObjectAcl                                ++ ++-- --+ -+-- -- ---
GetObjectLockConfiguration                  ++ ++++ +++ ++-- -- ---
PutObjectLockConfiguration                  ++ ++-- --+ -+-- -- ---
GetObjectTagging                            ++ ++++ +++ ++-- -- ---
GetObjectTagging@version                    ++ ++++ +++ ++-- -- ---
PutObjectTagging                            ++ +++- -++ -+-- -- ---
DeleteObjectTagging                         ++ +++- -++ -+-- -- ---
GetBucketOwnershipControls                  ++ ++++ +++ ++-- -- ---
PutBucketOwnershipControls                  ++ ++-- --+ -+-- -- ---
DeleteBucketOwnershipControls               ++ ++-- --+ -+-- -- ---
GetBucketPolicy                             ++ ++-- --+ ++-- -- ---
PutBucketPolicy                             ++ ++-- --+ -+-- -- ---
DeleteBucketPolicy                          ++ ++-- --+ -+-- -- ---
GetBucketPolicyStatus                       ++ ++-- --+ ++-- -- ---
GetPublicAccessBlock                        ++ ++-- --+ ++-- -- ---
PutPublicAccessBlock                        ++ ++-- --+ -+-- -- ---
DeletePublicAccessBlock                     ++ ++-- --+ -+-- -- ---
RestoreObject                               ++ +++- -++ -+-- -- ---
GetObjectRetention                          ++ ++++ +++ ++-- -- ---
PutObjectRetention                          ++ ++-- --+ -+-- -- ---
SelectObjectContent                         ++ ++++ +++ ++-+ -- +++
GetObjectTorrent                            ++ ++++ +++ ++-- -- -+-
GetBucketWebsite                            ++ ++-- --+ ++-- -- ---
PutBucketWebsite                            ++ ++-- --+ -+-- -- ---
DeleteBucketWebsite                         ++ ++-- --+ -+-- -- ---
GetBucketLogging                            ++ ++-- --+ ++-- -- ---
PutBucketLogging                            ++ ++-- --+ -+-- -- ---
GetBucketAccelerateConfiguration            ++ ++++ +++ ++-- -- ---
PutBucketAccelerateConfiguration            ++ ++-- --+ -+-- -- ---
GetBucketRequestPayment                     ++ ++++ +++ ++-- -- ---
PutBucketRequestPayment                     ++ ++-- --+ -+-- -- ---
GetBucketReplication                        ++ ++-- --+ ++-- -- ---
PutBucketReplication                        ++ ++-- --+ -+-- -- ---
DeleteBucketReplication                     ++ ++-- --+ -+-- -- ---
ListBucketAnalyticsConfigurations           ++ ++-- --+ ++-- -- ---
GetBucketAnalyticsConfiguration             ++ ++-- --+ ++-- -- ---
PutBucketAnalyticsConfiguration             ++ ++-- --+ -+-- -- ---
DeleteBucketAnalyticsConfiguration          ++ ++-- --+ -+-- -- ---
ListBucketIntelligentTieringConfigurations  ++ ++-- --+ ++-- -- ---
GetBucketIntelligentTieringConfiguration    ++ ++-- --+ ++-- -- ---
PutBucketIntelligentTieringConfiguration    ++ ++-- --+ -+-- -- ---
DeleteBucketIntelligentTieringConfiguration ++ ++-- --+ -+-- -- ---
ListBucketInventoryConfigurations           ++ ++-- --+ ++-- -- ---
GetBucketInventoryConfiguration             ++ ++-- --+ ++-- -- ---
PutBucketInventoryConfiguration             ++ ++-- --+ -+-- -- ---
DeleteBucketInventoryConfiguration          ++ ++-- --+ -+-- -- ---
ListBucketMetricsConfigurations             ++ ++-- --+ ++-- -- ---
GetBucketMetricsConfiguration               ++ ++-- --+ ++-- -- ---
PutBucketMetricsConfiguration               ++ ++-- --+ -+-- -- ---
DeleteBucketMetricsConfiguration            ++ ++-- --+ -+-- -- ---
GetBucketVersioning                         ++ ++++ +++ ++-- -- ---
PutBucketVersioning                         ++ ++-- --+ -+-- -- ---
AbortMultipartUpload                        ++ +++- -++ -+-- -- ---
CompleteMultipartUpload                     ++ +++- -++ -+-- -- ---
CopyObject                                  ++ +++- -++ -+-- -- ---
CreateMultipartUpload                       ++ +++- -++ -+-- -- ---
DeleteObjects                               ++ +++- -++ -+-- -- ---
GetObjectAttributes                         ++ ++++ +++ ++-- -- -+-
ListMultipartUploads                        ++ ++++ +++ ++-- -- -+-
ListObjectVersions                          ++ ++++ +++ ++-- -- -+-
ListParts                                   ++ ++++ +++ ++-- -- ---
PostObject                                  ++ +++- -++ -+-- -- ---
UploadPart                                  ++ +++- -++ -+-- -- ---
UploadPartCopy                              ++ +++- -++ -+-- -- ---
"""


def _parsed(rows: str) -> dict[str, dict[str, bool]]:
    found = dict[str, dict[str, bool]]()
    for line in rows.strip().splitlines():
        name, _, cells = line.partition(" ")
        marks = cells.replace(" ", "")
        assert len(marks) == len(COLUMNS), line
        assert set(marks) <= set("+-"), line
        assert name not in found, line
        found[name] = {column: mark == "+" for column, mark in zip(COLUMNS, marks, strict=True)}
    return found


EXPECTED: Final = _parsed(_ROWS)
