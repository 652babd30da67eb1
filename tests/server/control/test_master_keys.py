"""Master keys of the control plane."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from holdall.core.errors import Conflict, InvalidArgument, NotFound, PermissionDenied
from holdall.server.master_keys import OVERLAP
from tests.server.control.conftest import Login
from tests.server.whole import Whole, control, s3, serving_whole


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Whole]:
    """A server whose keys may be changed."""
    with serving_whole(tmp_path / "store") as running:
        yield running


def age(own: Whole) -> None:
    """Two days pass for the newest key."""
    path = own.options.directory / "master-key"
    newest, *rest = path.read_text().splitlines()
    secret, made_at = newest.split()
    earlier = datetime.fromisoformat(made_at) - OVERLAP
    path.write_text("\n".join([f"{secret} {earlier.isoformat()}", *rest, ""]))


async def test_a_key_is_replaced_while_everything_goes_on(own: Whole) -> None:
    client = s3(own.profile)
    client.create_bucket(Bucket="box")
    for key, size in (("small", 10), ("large", 200_000)):
        client.put_object(Bucket="box", Key=key, Body=b"x" * size, ServerSideEncryption="AES256")
    async with control(own.profile) as admin:
        await admin.post("/users", name="ann")
        key = own.with_key(await admin.post("/keys", user="ann"))
        temporary = own.with_key(await admin.post("/credentials"))
        (old,) = (await admin.get("/master-keys"))["items"]
        assert (old["made_at"], old["seals"]) == (None, True)
        made = await admin.post("/master-keys")
        assert made["resealed"] == {"objects": 2, "access_keys": 1, "imports": 0, "webhooks": 0}
        listed = (await admin.get("/master-keys"))["items"]
        assert [(each["id"], each["seals"]) for each in listed] == [
            (made["id"], True),
            (old["id"], False),
        ]
        lines = (own.options.directory / "master-key").read_text().splitlines()
        secrets = [line.split()[0] for line in lines]
        assert not any(secret in str(listed) for secret in secrets)
        with pytest.raises(Conflict):
            await admin.delete(f"/master-keys/{old['id']}")
        with pytest.raises(Conflict):
            await admin.post("/master-keys")
    assert s3(temporary).list_buckets()["Buckets"]
    s3(key).list_buckets()
    for key_, size in (("small", 10), ("large", 200_000)):
        assert client.get_object(Bucket="box", Key=key_)["Body"].read() == b"x" * size


async def test_the_old_one_goes_two_days_later(own: Whole) -> None:
    client = s3(own.profile)
    client.create_bucket(Bucket="box")
    client.put_object(Bucket="box", Key="k", Body=b"x", ServerSideEncryption="AES256")
    async with control(own.profile) as admin:
        (old,) = (await admin.get("/master-keys"))["items"]
        made = await admin.post("/master-keys")
        age(own)
        for id, error in (
            (made["id"], Conflict),
            ("00000000", NotFound),
            ("nonsense", InvalidArgument),
        ):
            with pytest.raises(error):
                await admin.delete(f"/master-keys/{id}")
        dropped = await admin.send("DELETE", f"/master-keys/{old['id']}")
        assert dropped == {"objects": 0, "access_keys": 0, "imports": 0, "webhooks": 0}
        assert [each["id"] for each in (await admin.get("/master-keys"))["items"]] == [made["id"]]
    assert client.get_object(Bucket="box", Key="k")["Body"].read() == b"x"


async def test_for_administrators(login: Login, fresh: str) -> None:
    user = await login(fresh)
    with pytest.raises(PermissionDenied):
        await user.get("/master-keys")
    with pytest.raises(PermissionDenied):
        await user.post("/master-keys")
    with pytest.raises(PermissionDenied):
        await user.delete("/master-keys/00000000")
