"""The errors of the S3 protocol: each code with its HTTP status and what it tells people.

Codes, statuses and meanings are those of "Error responses" in the Amazon S3 API reference.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple


class Known(NamedTuple):
    """What an error code stands for when nothing more is known."""

    status: int
    message: str


CODES: Final = MappingProxyType(
    {
        "AccessControlListNotSupported": Known(400, "The bucket does not allow ACLs."),
        "AccessDenied": Known(403, "Access Denied."),
        "AccessForbidden": Known(403, "The cross-origin request is not allowed."),
        "AuthorizationHeaderMalformed": Known(400, "The authorization header is malformed."),
        "AuthorizationQueryParametersError": Known(400, "The signing parameters are malformed."),
        "BadDigest": Known(400, "The checksum you specified did not match what we received."),
        "BadRequest": Known(400, "The request is malformed."),
        "BucketAlreadyExists": Known(409, "The requested bucket name is not available."),
        "BucketAlreadyOwnedByYou": Known(409, "You already own a bucket of this name."),
        "BucketNotEmpty": Known(409, "The bucket you tried to delete is not empty."),
        "ConditionalRequestConflict": Known(
            409, "A conflicting operation took place at the same time; try again."
        ),
        "EntityTooLarge": Known(400, "Your proposed upload exceeds the maximum allowed size."),
        "EntityTooSmall": Known(400, "Your proposed upload is smaller than the minimum size."),
        "ExpiredToken": Known(400, "The provided token has expired."),
        "IllegalLocationConstraintException": Known(
            400, "The location constraint is not that of this endpoint."
        ),
        "IllegalVersioningConfigurationException": Known(
            400, "The versioning configuration is not valid."
        ),
        "IncompleteBody": Known(400, "Fewer bytes came than the Content-Length announced."),
        "InternalError": Known(500, "We met an internal error. Please try again."),
        "InvalidAccessKeyId": Known(403, "The access key id you provided does not exist."),
        "InvalidArgument": Known(400, "Invalid argument."),
        "InvalidBucketAclWithObjectOwnership": Known(
            400, "Bucket cannot have ACLs set with its object ownership setting."
        ),
        "InvalidBucketName": Known(400, "The specified bucket is not valid."),
        "InvalidBucketState": Known(409, "The request is not valid for the state of the bucket."),
        "InvalidChunkSizeError": Known(403, "Only the last chunk may have under 8192 bytes."),
        "InvalidDigest": Known(400, "The Content-MD5 or checksum you specified is not valid."),
        "InvalidEncryptionAlgorithmError": Known(
            400, "The encryption request you specified is not valid."
        ),
        "InvalidLocationConstraint": Known(400, "The specified location is not valid."),
        "InvalidObjectState": Known(403, "The operation is not valid for the object's state."),
        "InvalidPart": Known(
            400, "A part could not be found, or its entity tag did not match the part's."
        ),
        "InvalidPartNumber": Known(416, "The requested part number is not satisfiable."),
        "InvalidPartOrder": Known(400, "The list of parts was not in ascending order."),
        "InvalidPolicyDocument": Known(400, "The form does not meet the policy document."),
        "InvalidRange": Known(416, "The requested range is not satisfiable."),
        "InvalidRedirectLocation": Known(
            400, "The website redirect location must begin with 'http://', 'https://' or '/'."
        ),
        "InvalidRequest": Known(400, "Invalid request."),
        "InvalidStorageClass": Known(400, "The storage class you specified is not valid."),
        "InvalidTag": Known(400, "A tag is not valid."),
        "InvalidTargetBucketForLogging": Known(400, "The target bucket is not valid."),
        "InvalidToken": Known(400, "The provided token is malformed or otherwise invalid."),
        "InvalidURI": Known(400, "The request's URI could not be parsed."),
        "KeyTooLongError": Known(400, "Your key is too long."),
        "MalformedACLError": Known(400, "The ACL was not well-formed or did not validate."),
        "MalformedPOSTRequest": Known(400, "The body is not well-formed multipart/form-data."),
        "MalformedPolicy": Known(400, "The policy document is not valid."),
        "MalformedXML": Known(400, "The XML you provided was not well-formed or did not validate."),
        "MalformedTrailerError": Known(400, "The trailer of the body is not well-formed."),
        "MaxMessageLengthExceeded": Known(400, "Your request was too big."),
        "MaxPostPreDataLengthExceeded": Known(
            400, "The form's fields before the file were too large."
        ),
        "MetadataTooLarge": Known(400, "Your metadata exceed the maximum allowed size."),
        "MethodNotAllowed": Known(405, "The method is not allowed against this resource."),
        "MissingContentLength": Known(411, "You must provide the Content-Length header."),
        "MissingRequestBodyError": Known(400, "The request body is empty."),
        "MissingSecurityHeader": Known(400, "Your request is missing a required header."),
        "NoSuchBucket": Known(404, "The specified bucket does not exist."),
        "NoSuchBucketPolicy": Known(404, "The bucket policy does not exist."),
        "NoSuchCORSConfiguration": Known(404, "The CORS configuration does not exist."),
        "NoSuchConfiguration": Known(404, "The specified configuration does not exist."),
        "NoSuchKey": Known(404, "The specified key does not exist."),
        "NoSuchLifecycleConfiguration": Known(404, "The lifecycle configuration does not exist."),
        "NoSuchObjectLockConfiguration": Known(404, "The object has no object lock configuration."),
        "NoSuchPublicAccessBlockConfiguration": Known(
            404, "The public access block configuration was not found."
        ),
        "NoSuchTagSet": Known(404, "There is no tag set associated with the bucket."),
        "NoSuchUpload": Known(
            404, "The upload does not exist: its id may be wrong, or it is over."
        ),
        "NoSuchVersion": Known(404, "The specified version does not exist."),
        "NoSuchWebsiteConfiguration": Known(404, "The bucket has no website configuration."),
        "NotImplemented": Known(501, "A header or a function you asked for is not implemented."),
        "NotModified": Known(304, "Not Modified."),
        "ObjectLockConfigurationNotFoundError": Known(
            404, "Object Lock configuration does not exist for this bucket."
        ),
        "OperationAborted": Known(409, "A conflicting operation is in progress; try again."),
        "OwnershipControlsNotFoundError": Known(
            404, "The bucket ownership controls were not found."
        ),
        "PermanentRedirect": Known(301, "The bucket must be addressed at another endpoint."),
        "PreconditionFailed": Known(
            412, "At least one of the preconditions you specified did not hold."
        ),
        "ReplicationConfigurationNotFoundError": Known(
            404, "The replication configuration was not found."
        ),
        "RequestHeaderSectionTooLarge": Known(
            400, "Your request header and query parameters exceed the maximum allowed size."
        ),
        "RequestTimeTooSkewed": Known(
            403, "The request's time and the server's time differ too much."
        ),
        "RequestTimeout": Known(400, "Your socket connection was idle for too long."),
        "ServerSideEncryptionConfigurationNotFoundError": Known(
            404, "The server side encryption configuration was not found."
        ),
        "ServiceUnavailable": Known(503, "The server is being stopped. Please try again."),
        "SignatureDoesNotMatch": Known(
            403, "The signature we calculated does not match the one you provided."
        ),
        "SlowDown": Known(503, "Please reduce your request rate."),
        "StorageFull": Known(507, "There is no room left to store this."),
        "TooManyBuckets": Known(400, "You have made as many buckets as you may."),
        "UnexpectedContent": Known(400, "This request does not support content."),
        "UnresolvableGrantByEmailAddress": Known(
            400, "The email address you provided does not match any account on record."
        ),
        "UserKeyMustBeSpecified": Known(400, "The form must contain the field named key."),
        "XAmzContentChecksumMismatch": Known(
            400, "The checksum you specified did not match the one we computed."
        ),
        "XAmzContentSHA256Mismatch": Known(
            400, "The x-amz-content-sha256 header does not match what was computed."
        ),
    }
)


class S3Error(Exception):
    """An answer that is an error. `facts` become elements beside Code and Message.

    `headers` go with the answer, such as `x-amz-delete-marker` beside a 404.
    """

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        headers: tuple[tuple[str, str], ...] = (),
        **facts: str,
    ) -> None:
        self.code = code
        self.status, default = CODES[code]
        self.message = message or default
        self.headers = headers
        self.facts = facts
        super().__init__(f"{code}: {self.message}")
