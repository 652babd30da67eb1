"""Webhooks as administrators see them."""

from __future__ import annotations

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import Conflict, InvalidArgument, NotFound, PermissionDenied
from tests.server.control.conftest import Login
from tests.server.whole import Whole


async def test_one_is_made_listed_and_removed(whole: Whole, admin: Remote, fresh: str) -> None:
    made = await admin.post("/webhooks", name=fresh, url="https://example.com/hook")
    assert made["arn"] == f"arn:holdall:webhook:::{fresh}"
    assert made["secret"].startswith("whsec_")
    listed = [each async for each in admin.every("/webhooks")]
    assert {key: made[key] for key in ("name", "url", "arn")} in listed
    file = whole.options.directory / "webhooks.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert made["secret"] not in file.read_text()
    with pytest.raises(Conflict):
        await admin.post("/webhooks", name=fresh, url="https://example.com/other")
    await admin.delete(f"/webhooks/{fresh}")
    with pytest.raises(NotFound):
        await admin.delete(f"/webhooks/{fresh}")


async def test_the_server_calls_nobody_for_users(login: Login, fresh: str) -> None:
    user = await login(fresh)
    for refused in (
        user.get("/webhooks"),
        user.post("/webhooks", name=fresh, url="http://127.0.0.1/"),
        user.delete(f"/webhooks/{fresh}"),
    ):
        with pytest.raises(PermissionDenied):
            await refused


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://", "http://a b", "", "ftp://x"])
async def test_bad_addresses(admin: Remote, fresh: str, url: str) -> None:
    with pytest.raises(InvalidArgument):
        await admin.post("/webhooks", name=fresh, url=url)
