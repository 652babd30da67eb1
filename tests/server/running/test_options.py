"""Options of a server: what cannot work is refused at once."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from holdall.core.errors import InvalidArgument
from holdall.server.options import ServerOptions

HERE = Path("data")


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ({}, "http://127.0.0.1:1234"),
        ({"host": "0.0.0.0"}, "http://127.0.0.1:1234"),
        ({"host": "::"}, "http://[::1]:1234"),
        ({"host": "::1"}, "http://[::1]:1234"),
        ({"host": "files.lan"}, "http://files.lan:1234"),
        ({"certfile": Path("c"), "keyfile": Path("k")}, "https://127.0.0.1:1234"),
        ({"public_url": "https://files.example.com/"}, "https://files.example.com"),
    ],
)
def test_the_address_to_tell_people(options: dict[str, Any], endpoint: str) -> None:
    assert ServerOptions(directory=HERE, **options).endpoint(1234) == endpoint


def test_its_own_way_to_itself_goes_past_any_proxy() -> None:
    options = ServerOptions(
        directory=HERE, host="0.0.0.0", port=1234, public_url="https://files.example.com"
    )
    assert options.own_endpoint == "http://127.0.0.1:1234"


@pytest.mark.parametrize(
    "options",
    [
        {"port": -1},
        {"port": 65536},
        {"workers": 0},
        {"certfile": Path("c")},
        {"keyfile": Path("k")},
        {"public_url": "files.example.com"},
        {"public_url": "ftp://files.example.com"},
        {"public_url": "https://files.example.com/below"},
        {"public_url": "https://files.example.com?x=1"},
        {"public_url": "https://me@files.example.com"},
        {"public_url": "https://[::1"},
    ],
)
def test_what_cannot_work(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        ServerOptions(directory=HERE, **options)


def test_they_cross_to_other_processes() -> None:
    options = ServerOptions(directory=HERE, domains=("s3.example.com",), workers=3)
    assert pickle.loads(pickle.dumps(options)) == options
