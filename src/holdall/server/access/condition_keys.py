"""The condition keys that a policy may use.

Those of "AWS global condition context keys" (IAM User Guide) and of Amazon S3 (Service
Authorization Reference). A key that never has a value here is still a valid one.
"""

from __future__ import annotations

from typing import Final

from holdall.server.access.context import in_family

_GLOBAL: Final = """
    CalledVia CalledViaFirst CalledViaLast ChatbotSourceArn CurrentTime
    Ec2InstanceSourcePrivateIPv4 Ec2InstanceSourceVpc EpochTime FederatedProvider
    MultiFactorAuthAge MultiFactorAuthPresent PrincipalAccount PrincipalArn PrincipalIsAWSService
    PrincipalOrgID PrincipalOrgPaths PrincipalServiceName PrincipalServiceNamesList PrincipalType
    Referer RequestedRegion ResourceAccount ResourceOrgID ResourceOrgPaths SecureTransport
    SourceAccount SourceArn SourceIdentity SourceIp SourceOrgID SourceOrgPaths SourceOwner
    SourceVpc SourceVpcArn SourceVpce TagKeys TokenIssueTime UserAgent VpceAccount VpceOrgID
    VpceOrgPaths VpcSourceIp ViaAWSService userid username
"""

_S3: Final = """
    AccessGrantsInstanceArn AccessPointNetworkOrigin authType DataAccessPointAccount
    DataAccessPointArn delimiter destinationRegion if-match if-none-match
    InventoryAccessibleOptionalFields isReplicationPauseRequest LocationConstraint max-keys
    object-lock-legal-hold object-lock-mode object-lock-remaining-retention-days
    object-lock-retain-until-date ObjectCreationOperation prefix RequestObjectTagKeys
    ResourceAccount signatureAge signatureversion TlsVersion VersionId x-amz-acl
    x-amz-content-sha256 x-amz-copy-source x-amz-grant-full-control x-amz-grant-read
    x-amz-grant-read-acp x-amz-grant-write x-amz-grant-write-acp x-amz-metadata-directive
    x-amz-object-ownership x-amz-server-side-encryption
    x-amz-server-side-encryption-aws-kms-key-id
    x-amz-server-side-encryption-customer-algorithm x-amz-storage-class
    x-amz-website-redirect-location
"""

_KNOWN: Final = frozenset(f"aws:{name.lower()}" for name in _GLOBAL.split()) | frozenset(
    f"s3:{name.lower()}" for name in _S3.split()
)


def is_known(key: str) -> bool:
    """Whether there is a condition key of this normalised name."""
    return key in _KNOWN or in_family(key)
