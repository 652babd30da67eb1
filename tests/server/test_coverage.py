from __future__ import annotations

from pathlib import Path
from typing import Any

import botocore.session
import pytest

from holdall.s3.errors import S3Error
from holdall.server import coverage
from holdall.server.coverage import ABSENT, OLD_NAMES, markdown, renewed, rows
from holdall.server.request import Request
from holdall.server.table import ROUTES, route_of

MODEL = botocore.session.get_session().get_service_model("s3")
PAGE = Path(__file__).parents[2] / "docs" / "s3.md"


def test_every_operation_of_the_api_is_in_it():
    """As the SDK knows them; it does not know the uploads of forms."""
    assert set(MODEL.operation_names) - {row.name for row in rows()} == set()


def test_each_is_in_it_once():
    names = [row.name for row in rows()]
    assert len(names) == len(set(names))
    assert {route.name for route in ROUTES} <= set(names)
    assert not {route.name for route in ROUTES} & (ABSENT.keys() | OLD_NAMES.keys())
    assert set(OLD_NAMES.values()) <= {route.name for route in ROUTES}


def test_what_is_not_there_has_a_reason():
    assert [row.name for row in rows() if row.state != coverage.YES and not row.note] == []


WITHOUT_A_MARK = {"ListDirectoryBuckets", "WriteGetObjectResponse"}
"""Requests that differ from others by nothing but the host that they go to."""


@pytest.mark.parametrize("name", sorted(ABSENT.keys() - WITHOUT_A_MARK))
def test_what_is_not_there_is_refused(name: str):
    """And not taken for the operation that its address without the sub-resource means."""
    http = MODEL.operation_model(name).http
    path, _, query = http["requestUri"].partition("?")
    path = path.replace("{Bucket}", "bucket").replace("{Key+}", "key")
    scope = {
        "method": http["method"],
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [],
    }
    with pytest.raises(S3Error) as refused:
        route_of(Request(scope, nothing, "1"))
    assert refused.value.code == "NotImplemented"


async def nothing() -> dict[str, Any]:
    raise AssertionError("nobody reads the body")


def test_the_page_is_current():
    """`python -m holdall.server.coverage docs/s3.md` makes it so."""
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page
    assert "| GetObject | `GET /{bucket}/{key}` | yes | |" in page.replace("|  |", "| |")


def test_it_renews_a_page(tmp_path: Path):
    path = tmp_path / "page.md"
    path.write_text(f"before\n{coverage.BEGIN}\nold\n{coverage.END}\nafter\n")
    coverage.main([str(path)])
    found = path.read_text()
    assert found.startswith("before\n")
    assert found.endswith("after\n")
    assert markdown() in found
    assert "old" not in found.split("\n")


def test_a_page_without_a_place():
    with pytest.raises(ValueError, match="no place"):
        renewed("a page")


def test_it_prints(capsys: pytest.CaptureFixture[str]):
    coverage.main([])
    assert capsys.readouterr().out == markdown()
