"""What tests of the server's transfers do again and again."""

from __future__ import annotations

import asyncio
from typing import Any

from holdall.cli.remote import Remote
from tests.server.whole import Whole

OVER = ("done", "failed", "cancelled")


async def imported(admin: Remote, other: Whole, theirs: str, endpoint: str = "") -> str:
    """Import it."""
    name = f"{theirs}-import"
    await admin.post(
        "/buckets/import",
        provider="minio",
        name=name,
        provider_bucket_name=theirs,
        credentials={
            "endpoint_url": endpoint or other.endpoint,
            "access_key_id": other.profile.access_key,
            "secret_access_key": other.profile.secret_key,
        },
    )
    return name


async def started(caller: Remote, source: str, target: str, /, **more: Any) -> str:
    ends = {"source": {"bucket": source}, "target": {"bucket": target}}
    made = await caller.post("/transfers", **{**ends, **more})
    assert made["state"] == "queued"
    return str(made["id"])


async def ended(caller: Remote, id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            found: dict[str, Any] = await caller.get(f"/transfers/{id}")
            if found["state"] in OVER:
                assert found["ended_at"] is not None
                return found
            await asyncio.sleep(0.05)


async def done(caller: Remote, source: str, target: str, /, **more: Any) -> dict[str, Any]:
    found = await ended(caller, await started(caller, source, target, **more))
    assert found["state"] == "done", found
    return found


def content(client: Any, bucket: str) -> dict[str, bytes]:
    keys = [each["Key"] for each in client.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}
