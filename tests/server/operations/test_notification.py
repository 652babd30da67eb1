from __future__ import annotations

import pytest

from holdall.server import notifications

HOOK = "arn:holdall:webhook:::builds"


@pytest.fixture(autouse=True)
def webhooks(monkeypatch):
    monkeypatch.setattr(notifications, "webhooks_of", lambda state: frozenset({"builds"}))


def configuration(arn=HOOK, events=("s3:ObjectCreated:*",), id=None, **rules):
    found = {"QueueArn": arn, "Events": list(events)}
    if id is not None:
        found["Id"] = id
    if rules:
        listed = [{"Name": name, "Value": value} for name, value in rules.items()]
        found["Filter"] = {"Key": {"FilterRules": listed}}
    return found


def put(client, bucket, *queues, **more):
    wanted = {"QueueConfigurations": list(queues)} if queues else {}
    client.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=wanted, **more
    )


def get(client, bucket):
    found = client.get_bucket_notification_configuration(Bucket=bucket)
    del found["ResponseMetadata"]
    return found


def test_none(alice, bucket):
    assert get(alice, bucket) == {}


def test_put_and_get(alice, bucket):
    wanted = configuration(
        id="one", events=("s3:ObjectCreated:Put", "s3:ObjectRemoved:*"), Prefix="a/", Suffix=".b"
    )
    put(alice, bucket, wanted)
    assert get(alice, bucket) == {"QueueConfigurations": [wanted]}


def test_each_kind_can_name_a_webhook(alice, bucket):
    wanted = {
        "TopicConfigurations": [{"Id": "t", "TopicArn": HOOK, "Events": ["s3:ObjectCreated:Put"]}],
        "QueueConfigurations": [{"Id": "q", "QueueArn": HOOK, "Events": ["s3:ObjectCreated:Copy"]}],
        "LambdaFunctionConfigurations": [
            {"Id": "l", "LambdaFunctionArn": HOOK, "Events": ["s3:ObjectTagging:Put"]}
        ],
    }
    alice.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    assert get(alice, bucket) == wanted


def test_an_id_is_made_up_and_stays(alice, bucket):
    put(alice, bucket, configuration())
    made = get(alice, bucket)
    assert made["QueueConfigurations"][0]["Id"]
    assert get(alice, bucket) == made


def test_an_empty_document_takes_all_away(alice, bucket):
    put(alice, bucket, configuration())
    put(alice, bucket)
    assert get(alice, bucket) == {}


@pytest.mark.parametrize(
    "arn", ["arn:holdall:webhook:::other", "arn:aws:sqs:us-east-1:123456789012:queue"]
)
def test_destinations_that_there_are_not(alice, bucket, refused, arn):
    with refused("InvalidArgument", 400) as refusal:
        put(alice, bucket, configuration(arn))
    assert refusal.error["Message"].startswith("Unable to validate the following destination")
    assert refusal.error["ArgumentName"] == arn
    assert get(alice, bucket) == {}
    put(alice, bucket, configuration(arn), SkipDestinationValidation=True)
    assert get(alice, bucket)["QueueConfigurations"][0]["QueueArn"] == arn


@pytest.mark.parametrize(
    "wanted",
    [
        configuration("builds"),
        configuration(events=["s3:ObjectCreated:Maybe"]),
        configuration(middle="x"),
        configuration(prefix="a", Prefix="b"),
        configuration(prefix="x" * 1025),
        configuration(id="x" * 256),
    ],
)
def test_what_cannot_be(alice, bucket, refused, wanted):
    with refused("InvalidArgument", 400):
        put(alice, bucket, wanted)


def test_ids_are_unique(alice, bucket, refused):
    with refused("InvalidArgument", 400):
        put(
            alice,
            bucket,
            configuration(id="same", prefix="a"),
            configuration(id="same", prefix="b"),
        )


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ({}, {}, True),
        ({"prefix": "a"}, {"prefix": "ab"}, True),
        ({"prefix": "a"}, {"prefix": "b"}, False),
        ({"prefix": "a", "suffix": "x"}, {"suffix": "yx"}, True),
        ({"prefix": "a", "suffix": "x"}, {"prefix": "a", "suffix": "y"}, False),
        ({"events": ["s3:ObjectCreated:Put"]}, {"events": ["s3:ObjectCreated:*"]}, True),
        ({"events": ["s3:ObjectCreated:Put"]}, {"events": ["s3:ObjectCreated:Post"]}, False),
    ],
)
def test_no_event_goes_two_ways(alice, bucket, refused, one, other, overlap):
    wanted = configuration(**one), configuration(**other)
    if overlap:
        with refused("InvalidArgument", 400):
            put(alice, bucket, *wanted)
    else:
        put(alice, bucket, *wanted)


def test_an_event_bus(alice, bucket, refused):
    with refused("NotImplemented", 501):
        alice.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


@pytest.mark.parametrize(
    "body",
    [
        b"<NotificationConfiguration><Pigeon/></NotificationConfiguration>",
        b"<NotificationConfiguration><QueueConfiguration><Queue>arn:holdall:webhook:::builds"
        b"</Queue></QueueConfiguration></NotificationConfiguration>",
        b"<NotificationConfiguration><QueueConfiguration><Event>s3:ObjectCreated:*</Event>"
        b"</QueueConfiguration></NotificationConfiguration>",
    ],
)
def test_malformed(send, bucket, body):
    answer = send("PUT", f"/{bucket}?notification", body=body)
    assert answer.status == 400
    assert b"<Code>MalformedXML</Code>" in answer.body


def test_a_hundred_and_no_more(alice, bucket, refused):
    many = [configuration(prefix=f"{number:03}") for number in range(101)]
    put(alice, bucket, *many[:100])
    with refused("InvalidArgument", 400):
        put(alice, bucket, *many)


def test_an_event_that_is_listed_twice_is_one(alice, bucket):
    put(alice, bucket, configuration(events=["s3:ObjectAcl:Put"] * 2))
    assert get(alice, bucket)["QueueConfigurations"][0]["Events"] == ["s3:ObjectAcl:Put"]
