from __future__ import annotations

import pytest

from holdall.server.access.actions import KNOWN
from holdall.server.operations import unconfigured


def test_what_is_not_configured(alice, bucket, refused):
    with refused("NoSuchWebsiteConfiguration", 404) as refusal:
        alice.get_bucket_website(Bucket=bucket)
    assert refusal.error["BucketName"] == bucket
    with refused("ReplicationConfigurationNotFoundError", 404):
        alice.get_bucket_replication(Bucket=bucket)
    assert "LoggingEnabled" not in alice.get_bucket_logging(Bucket=bucket)
    assert "Status" not in alice.get_bucket_accelerate_configuration(Bucket=bucket)
    assert alice.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"


@pytest.mark.parametrize("name", ["analytics", "intelligent_tiering", "inventory", "metrics"])
def test_lists_are_empty(alice, bucket, refused, name):
    listed = getattr(alice, f"list_bucket_{name}_configurations")(Bucket=bucket)
    assert listed["IsTruncated"] is False
    with refused("NoSuchConfiguration", 404):
        getattr(alice, f"get_bucket_{name}_configuration")(Bucket=bucket, Id="one")
    with refused("NoSuchConfiguration", 404):
        getattr(alice, f"delete_bucket_{name}_configuration")(Bucket=bucket, Id="one")


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("website", b"<WebsiteConfiguration/>"),
        ("replication", b"<ReplicationConfiguration/>"),
        (
            "logging",
            b"<BucketLoggingStatus><LoggingEnabled><TargetBucket>b</TargetBucket>"
            b"</LoggingEnabled></BucketLoggingStatus>",
        ),
        (
            "accelerate",
            b"<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>",
        ),
        (
            "requestPayment",
            b"<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
        ),
        ("analytics&id=one", b"<AnalyticsConfiguration/>"),
        ("metrics&id=one", b"<MetricsConfiguration/>"),
    ],
)
def test_it_cannot_be_configured(send, bucket, query, body):
    answer = send("PUT", f"/{bucket}?{query}", body=body)
    assert answer.status == 501
    assert b"<Code>NotImplemented</Code>" in answer.body


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("logging", b"<BucketLoggingStatus/>"),
        (
            "accelerate",
            b"<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>",
        ),
        (
            "requestPayment",
            b"<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
        ),
    ],
)
def test_what_is_so_already_can_be_asked_for(send, bucket, query, body):
    assert send("PUT", f"/{bucket}?{query}", body=body).status == 200


def test_what_is_not_there_is_deleted(alice, bucket):
    for delete in (alice.delete_bucket_website, alice.delete_bucket_replication):
        assert delete(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


@pytest.mark.parametrize("query", ["website", "logging", "replication", "metrics&id=one"])
def test_strangers(server, send, bucket, query):
    for method in ("GET", "PUT"):
        answer = send(method, f"/{bucket}?{query}", account=server.bob)
        assert answer.status == 403
        assert b"<Code>AccessDenied</Code>" in answer.body


def test_a_policy_can_name_every_action():
    assert {route.action for route in unconfigured.ROUTES} <= KNOWN
