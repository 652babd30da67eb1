"""Lists, in pages and as lines."""

from __future__ import annotations

import pytest

from holdall.cli.remote import Remote
from holdall.core.errors import InvalidArgument
from tests.server.whole import Whole


async def test_pages_make_up_the_list(admin: Remote, fresh: str) -> None:
    names = sorted(f"{fresh}{number}" for number in range(5))
    for name in names:
        await admin.post("/buckets", name=name)
    seen: list[str] = []
    after = ""
    for expected in (2, 2, 1):
        page = await admin.get("/buckets", prefix=fresh, limit="2", after=after)
        assert len(page["items"]) == expected
        seen += [bucket["name"] for bucket in page["items"]]
        after = page["next"]
    assert (seen, after) == (names, None)


async def test_a_last_full_page_says_that_it_is_the_last(admin: Remote, fresh: str) -> None:
    for number in range(2):
        await admin.post("/buckets", name=f"{fresh}{number}")
    assert (await admin.get("/buckets", prefix=fresh, limit="2"))["next"] is None


async def test_lines_go_on_to_the_end(
    admin: Remote, fresh: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.server.control.paging.MOST", 2)
    names = sorted(f"{fresh}{number}" for number in range(5))
    for name in names:
        await admin.post("/buckets", name=name)
    lines = [bucket["name"] async for bucket in admin.every("/buckets", prefix=fresh)]
    assert lines == names


async def test_lines_have_their_own_type(whole: Whole, admin: Remote) -> None:
    async with admin._request("GET", "/users", {}, None, "application/x-ndjson") as answer:
        assert answer.headers["content-type"].startswith("application/x-ndjson")
        assert (await answer.text()).endswith("}\n")


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1"])
async def test_bad_limits(admin: Remote, limit: str) -> None:
    with pytest.raises(InvalidArgument):
        await admin.get("/buckets", limit=limit)
