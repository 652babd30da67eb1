from __future__ import annotations

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.values import Versioning
from holdall.engine import settings
from holdall.s3.errors import S3Error
from holdall.server import buckets, cors, cors_rules
from holdall.server.accounts import Accounts
from holdall.server.cors_rules import Rule
from holdall.server.request import Request
from holdall.server.state import State

SITE = "https://example.com"


async def nothing():
    return {"type": "http.disconnect"}


def request(method="OPTIONS", path="/files/key", **headers):
    listed = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"method": method, "raw_path": path.encode(), "query_string": b"", "headers": listed}
    return Request(scope, nothing, "ID")


def preflight(method="GET", origin=SITE, headers=None, path="/files/key"):
    more = {} if headers is None else {"access_control_request_headers": headers}
    return request(path=path, origin=origin, access_control_request_method=method, **more)


@pytest.fixture
async def store(tmp_path):
    backend = await EngineBackend.at(tmp_path, owner="alice")
    yield backend
    assert await backend.check() == []
    await backend.aclose()


@pytest.fixture
async def state(store):
    await store.create_bucket("files", versioning=Versioning.OFF)
    return State(store.engine, Accounts())


async def allow(state, *rules):
    document = cors_rules.to_xml(rules).decode()
    await settings.put(state.engine, "files", cors_rules.SETTING, document)


async def forbidden(state, asked):
    with pytest.raises(S3Error) as caught:
        await cors.preflight(state, asked)
    assert (caught.value.code, caught.value.status) == ("AccessForbidden", 403)
    return caught.value


async def test_what_a_preflight_is_told(state):
    rule = Rule(
        origins=(SITE,),
        methods=("GET", "PUT"),
        headers=("*",),
        exposed=("ETag", "x-amz-id-2"),
        max_age=3000,
    )
    await allow(state, rule)
    answer = await cors.preflight(state, preflight("PUT", headers="X-Amz-Date, x-other"))
    assert answer.status == 200
    assert dict(answer.headers) == {
        "access-control-allow-origin": SITE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "x-amz-date, x-other",
        "access-control-expose-headers": "ETag, x-amz-id-2",
        "access-control-max-age": "3000",
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }


async def test_an_origin_that_is_anybodys_has_no_credentials(state):
    await allow(state, Rule(("*",), ("GET",)))
    answer = await cors.preflight(state, preflight())
    assert dict(answer.headers) == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET",
        "vary": cors.VARY,
    }


@pytest.mark.parametrize(
    ("patterns", "asked", "covers"),
    [
        ((), "", True),
        ((), "x-one", False),
        (("*",), "x-one, x-two", True),
        (("x-one",), "X-ONE", True),
        (("X-*",), "x-one", True),
        (("x-one",), "x-one, x-two", False),
        (("x-one", "x-two"), "x-two,x-one", True),
    ],
)
async def test_headers_that_are_announced(state, patterns, asked, covers):
    await allow(state, Rule((SITE,), ("GET",), patterns))
    if covers:
        await cors.preflight(state, preflight(headers=asked))
    else:
        await forbidden(state, preflight(headers=asked))


async def test_the_first_rule_that_covers_all_decides(state):
    await allow(
        state,
        Rule(("https://other.com",), ("GET",), max_age=1),
        Rule((SITE,), ("PUT",), max_age=2),
        Rule((SITE,), ("GET",), max_age=3),
        Rule(("*",), ("GET",), max_age=4),
    )
    answer = await cors.preflight(state, preflight())
    assert dict(answer.headers)["access-control-max-age"] == "3"


async def test_no_rule_covers_it(state):
    await allow(state, Rule((SITE,), ("GET",)))
    error = await forbidden(state, preflight("PUT"))
    assert error.facts == {"Method": "PUT", "ResourceType": "OBJECT"}
    error = await forbidden(state, preflight(origin="http://example.com", path="/files"))
    assert error.facts == {"Method": "GET", "ResourceType": "BUCKET"}


async def test_nothing_is_configured(state):
    error = await forbidden(state, preflight("PUT"))
    assert error.facts == {"Method": "PUT", "ResourceType": "BUCKET"}
    error = await forbidden(state, request(origin=SITE))
    assert error.facts["Method"] == "OPTIONS"


@pytest.mark.parametrize("path", ["/", "/nowhere/key"])
async def test_there_is_no_bucket(state, path):
    await forbidden(state, preflight(path=path))


@pytest.mark.parametrize(
    "asked",
    [
        request(),
        request(access_control_request_method="GET"),
        request(origin=SITE),
        request(origin=SITE, access_control_request_method="FETCH"),
    ],
)
async def test_what_is_no_preflight(state, asked):
    await allow(state, Rule(("*",), ("GET",)))
    with pytest.raises(S3Error) as caught:
        await cors.preflight(state, asked)
    assert (caught.value.code, caught.value.status) == ("BadRequest", 400)


async def actual(state, asked):
    bucket = await buckets.load(state.engine, "files", "alice")
    return dict(cors.headers(bucket, asked))


async def test_an_actual_answer(state):
    await allow(state, Rule((SITE,), ("GET",), max_age=5))
    assert await actual(state, request("GET", origin=SITE)) == {
        "access-control-allow-origin": SITE,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET",
        "access-control-max-age": "5",
        "vary": cors.VARY,
    }


async def test_an_actual_answer_that_no_rule_covers(state):
    assert await actual(state, request("GET", origin=SITE)) == {}
    await allow(state, Rule((SITE,), ("GET",)))
    assert await actual(state, request("GET")) == {}
    assert await actual(state, request("PUT", origin=SITE)) == {}
    assert await actual(state, request("HEAD", origin=SITE)) == {}
    assert await actual(state, request("GET", origin="http://example.com")) == {}


async def test_the_method_to_come_decides_about_an_actual_answer(state):
    await allow(state, Rule((SITE,), ("GET",)))
    asked = request("GET", origin=SITE, access_control_request_method="PUT")
    assert await actual(state, asked) == {}
