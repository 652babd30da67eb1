from __future__ import annotations


def test_the_first_region_has_no_name(alice, bucket, send):
    assert alice.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    assert send("GET", f"/{bucket}?location").body.endswith(b"></LocationConstraint>")


def test_another_region_is_named(server, alice, bucket, monkeypatch):
    monkeypatch.setattr(server.state, "region", "eu-north-1")
    assert alice.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-north-1"


def test_strangers_may_not_ask(bob, bucket, refused):
    with refused("AccessDenied", 403):
        bob.get_bucket_location(Bucket=bucket)
