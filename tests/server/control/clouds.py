"""What holds for a bucket that is imported from whichever cloud.

A module with a subclass of `ImportTests` has the fixtures `there`, its cloud; `wanted`, what to
send to import `theirs`; `lesser`, the same with credentials that sign nothing; `kept_secrets`;
and what cannot be imported: `wrong`, with the codes of the problems, and `malformed`.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from holdall.backends.protocol import Backend
from holdall.cli.remote import Remote
from holdall.core.errors import (
    Conflict,
    HoldallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    StoreError,
)
from holdall.core.values import Versioning
from holdall.server import outward
from holdall.server.providers.issuer import Issuer
from holdall.testing.backends.box import fetch
from tests.server.control.conftest import Login
from tests.server.control.inside import Inside, said
from tests.server.transfers.transferring import done
from tests.server.whole import Whole, control

Json = dict[str, Any]


@pytest.fixture
async def theirs(there: Backend, fresh: str) -> str:
    """A bucket with an object."""
    await there.create_bucket(f"their-{fresh}", versioning=Versioning.OFF)
    await there.put(f"their-{fresh}", "a/b c", b"theirs")
    return f"their-{fresh}"


async def answered(
    url: str, method: str = "GET", data: bytes | None = None, headers: Mapping[str, str] = {}
) -> tuple[int, bytes]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.read()


ANSWERS = [
    b"hunter2\r\n\r\n",
    said("200 OK", b"hunter2"),
    said("200 OK", b"<html>hunter2</html>"),
    said("200 OK", b"[" * 50_000),
    said("200 OK", b"\xff"),
    said("200 OK", b"x" * 1_000_000),
    said("200 OK", b'{"access_token": 1, "expires_in": "hunter2"}'),
    said("200 OK", b'{"access_token": "a\\r\\nb: hunter2", "expires_in": 60}'),
    said("200 OK", b'{"access_token": "t", "expires_in": 1e999}'),
    said("302 Found", b"", "location: /hunter2"),
    said("400 No", b'{"error": "hunter2", "error_description": ["hunter2"]}'),
    said("403 No", b"hunter2", "x-ms-error-code: hunter2"),
    said("403 No", b'{"error": {"errors": [{"reason": "hunter2"}]}}'),
    said("403 No", b'{"error": {"errors": [{"reason": ["hunter2"]}]}}'),
]


class ImportTests:
    provider: str
    extra: str
    driver: str
    """The module that is not there without the extra."""
    put_headers: Mapping[str, str] = {}

    def leading(self, good: Json, url: str) -> Sequence[Json]:
        """Credentials that lead there, in every way."""
        raise NotImplementedError

    def issuers(self, url: str, session: aiohttp.ClientSession) -> Sequence[Issuer]:
        """Of a bucket named `box`, by the same ways."""
        raise NotImplementedError

    async def test_it_is_imported_and_shown(
        self, admin: Remote, wanted: Json, theirs: str, there: Backend
    ) -> None:
        made = await admin.post("/buckets/import", **wanted)
        shown = ("imported", "provider", "provider_bucket_name", "versioning")
        assert [made[name] for name in shown] == [True, self.provider, theirs, "off"]
        assert await admin.get(f"/buckets/{wanted['name']}") == made
        with pytest.raises(Conflict):
            await admin.post("/buckets/import", **wanted)
        await admin.delete(f"/buckets/{wanted['name']}", force="true")
        assert (await there.head(theirs, "a/b c")).size == 6, "only the record is deleted"

    async def test_credentials_are_nowhere_to_be_read(
        self,
        whole: Whole,
        admin: Remote,
        wanted: Json,
        lesser: Json,
        kept_secrets: Sequence[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        name = wanted["name"]
        with caplog.at_level(logging.DEBUG):
            await admin.post("/buckets/import", **wanted)
            await admin.post("/buckets/import", **{**lesser, "name": f"l{name}"})
            texts = [
                json.dumps(await admin.get(f"/buckets/{name}")),
                json.dumps([each async for each in admin.every("/buckets")]),
                json.dumps(await admin.post(f"/buckets/{name}/sign-url", key="k")),
                json.dumps(await admin.post(f"/buckets/{name}/credentials")),
            ]
        for secret in kept_secrets:
            assert not any(secret in text for text in [*texts, caplog.text])
            files = [path for path in whole.options.directory.rglob("*") if path.is_file()]
            assert files
            assert not any(secret.encode() in path.read_bytes() for path in files)

    async def test_what_is_wrong_is_said_before_anything_is_kept(
        self, admin: Remote, wanted: Json, wrong: Sequence[tuple[Json, str]]
    ) -> None:
        absent: Json = {"provider_bucket_name": "not-there"}
        for change, code in (absent, "ProviderRefused"), *wrong:
            with pytest.raises(InvalidArgument) as caught:
                await admin.post("/buckets/import", **{**wanted, **change})
            assert caught.value.facts["code"] == code, change
            assert not re.search("sig|hunter2", str(caught.value))
        with pytest.raises(NotFound):
            await admin.get(f"/buckets/{wanted['name']}")

    async def test_what_is_malformed(
        self, admin: Remote, wanted: Json, malformed: Sequence[Json]
    ) -> None:
        others: list[Json] = [
            {"credentials": {**wanted["credentials"], "bucket_name": "another"}},
            {"credentials": {"access_key_id": "AKID", "secret_access_key": "x"}},
            {"provider_bucket_name": None},
        ]
        for change in (*others, *malformed):
            with pytest.raises(InvalidArgument) as caught:
                await admin.post("/buckets/import", **{**wanted, **change})
            assert not str(caught.value.facts["code"]).startswith("Provider"), change

    async def test_addresses_are_signed_for_those_who_may(
        self, admin: Remote, login: Login, imported: str, theirs: str, there: Backend, fresh: str
    ) -> None:
        user, route = await login(f"u{fresh}"), f"/buckets/{imported}/sign-url"
        with pytest.raises(NotFound):
            await user.post(route, key="a/b c")
        await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="read")
        made = await user.post(route, key="a/b c", expires_in=60, download_name="x.txt")
        left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
        assert timedelta(0) < left <= timedelta(minutes=1)
        assert await answered(made["url"]) == (200, b"theirs")
        for method in ("PUT", "DELETE"):
            with pytest.raises(PermissionDenied):
                await user.post(route, key="a/b c", method=method)
        await admin.put(f"/buckets/{imported}/grants/user:u{fresh}", level="write")
        put = (await user.post(route, key="new", method="PUT"))["url"]
        assert (await answered(put, "PUT", b"written", self.put_headers))[0] in (200, 201)
        assert await fetch(there, "new", bucket=theirs) == b"written"
        with pytest.raises(HoldallError) as caught:
            await user.post(route, key="a/b c", version="1")
        assert caught.value.facts["code"] == "NotSupported"

    async def test_a_narrowed_key_gets_no_more_than_it_is(
        self, whole: Whole, admin: Remote, imported: str
    ) -> None:
        reading = whole.with_key(await admin.post("/credentials", read_only=True))
        async with control(reading) as caller:
            assert await caller.post(f"/buckets/{imported}/credentials")
            with pytest.raises(PermissionDenied):
                await caller.post(f"/buckets/{imported}/credentials", access="write")

    async def test_without_the_extra(
        self, admin: Remote, wanted: Json, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, self.driver, None)
        with pytest.raises(HoldallError, match=re.escape(f"holdall[{self.extra}]")) as caught:
            await admin.post("/buckets/import", **wanted)
        assert caught.value.facts["code"] == "NotSupported"

    async def test_a_new_master_key_opens_them(self, own: Whole, wanted: Json) -> None:
        async with control(own.profile) as admin:
            await admin.post("/buckets/import", **wanted)
            assert (await admin.post("/master-keys"))["resealed"]["imports"] == 1
            path = own.options.directory / "master-key"
            path.write_text(path.read_text().splitlines()[0] + "\n")
            made = await admin.post(f"/buckets/{wanted['name']}/sign-url", key="a/b c")
            assert await answered(made["url"]) == (200, b"theirs")
            path.write_text("11" * 32)
            with pytest.raises(Conflict, match="import it again"):
                await admin.post(f"/buckets/{wanted['name']}/credentials")

    async def test_the_server_transfers_from_and_to_it(
        self, admin: Remote, there: Backend, theirs: str, imported: str, fresh: str
    ) -> None:
        await admin.post("/buckets", name=f"own-{fresh}")
        out = await done(admin, imported, f"own-{fresh}")
        assert (out["copied"], out["bytes_copied"]) == (1, 6)
        back = {"bucket": imported, "prefix": "back"}
        await done(admin, f"own-{fresh}", imported, target=back)
        assert await fetch(there, "back/a/b c", bucket=theirs) == b"theirs"

    # where connections go

    async def test_the_inside_is_not_for_importing(
        self, strict: Whole, wanted: Json, inside: Inside
    ) -> None:
        async with control(strict.profile) as admin:
            for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
                for given in self.leading(wanted["credentials"], inside.by(host)):
                    with pytest.raises(InvalidArgument, match="does not connect to"):
                        await admin.post("/buckets/import", **{**wanted, "credentials": given})
        assert inside.met == 0

    async def test_the_backend_never_connects_to_the_inside(self, inside: Inside) -> None:
        async with outward.session(private=False) as session:
            for url in (inside.by("127.0.0.1"), "http://169.254.169.254", "http://[fe80::1]"):
                for issuer in self.issuers(url, session):
                    backend = await issuer.backend()
                    for asked in (backend.list("box"), backend.open("box", "k")):
                        with pytest.raises(StoreError, match="reached"):
                            await asked
                    await backend.aclose()
            assert not session.closed
        assert inside.met == 0

    @pytest.mark.parametrize("answer", ANSWERS)
    async def test_a_server_that_answers_anything_tells_nothing(
        self, admin: Remote, wanted: Json, inside: Inside, answer: bytes
    ) -> None:
        inside.answer = answer
        ways = self.leading(wanted["credentials"], inside.by("127.0.0.1"))
        for given in ways:
            with pytest.raises(InvalidArgument) as caught:
                await admin.post("/buckets/import", **{**wanted, "credentials": given})
            assert str(caught.value.facts["code"]).startswith("Provider")
            assert "hunter2" not in str(caught.value)
        assert inside.met == len(ways), "nothing is followed, nor asked for again"
