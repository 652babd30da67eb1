"""GetBucketNotificationConfiguration and PutBucketNotificationConfiguration."""

from __future__ import annotations

from typing import Final

from holdall.server import documents, notifications
from holdall.server.call import Call
from holdall.server.notifications import SETTING
from holdall.server.response import Response, empty
from holdall.server.routes import Route

SKIP: Final = "x-amz-skip-destination-validation"


async def get_bucket_notification_configuration(call: Call) -> Response:
    """An empty document for none."""
    found = notifications.notifications_of(call.bucket)
    return documents.xml_answer(notifications.to_xml(found).decode())


async def put_bucket_notification_configuration(call: Call) -> Response:
    wanted = notifications.from_xml(await documents.read(call))
    if (call.header(SKIP) or "").lower() != "true":
        notifications.require_destinations(wanted, notifications.webhooks_of(call.state))
    if wanted:
        await documents.keep(call, SETTING, notifications.to_xml(wanted).decode())
    else:
        await documents.drop(call, SETTING)
    return empty()


GET = Route(
    name="GetBucketNotificationConfiguration",
    method="GET",
    level="bucket",
    query=frozenset({"notification"}),
    action="s3:GetBucketNotification",
    handle=get_bucket_notification_configuration,
)
PUT = Route(
    name="PutBucketNotificationConfiguration",
    method="PUT",
    level="bucket",
    query=frozenset({"notification"}),
    action="s3:PutBucketNotification",
    writes=True,
    handle=put_bucket_notification_configuration,
)
