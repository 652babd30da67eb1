"""The documents that a bucket is made with: its access list and who owns its objects."""

from __future__ import annotations

from holdall.s3.errors import S3Error
from holdall.server.access import acls
from holdall.server.access.acl_requests import asked_in_headers
from holdall.server.access.ownership import setting
from holdall.server.call import Call
from holdall.server.facts import user


def new_documents(call: Call) -> dict[str, str]:
    """What the headers of CreateBucket ask for; only what differs from the default.

    `InvalidBucketAclWithObjectOwnership` for a list in a bucket that has lists disabled.
    """
    documents, headers = dict[str, str](), call.request.headers
    ownership = headers.get("x-amz-object-ownership")
    if ownership is not None:
        documents["ownership"] = setting(ownership)
    owner = user(call.caller.user)
    asked = asked_in_headers(headers, call.state.accounts.directory)
    if asked is None:
        return documents
    acl = asked.acl("bucket", owner, owner)
    if ownership == "BucketOwnerEnforced" and not acl.is_private:
        raise S3Error("InvalidBucketAclWithObjectOwnership")
    documents["acl"] = acls.to_json(acl)
    return documents
