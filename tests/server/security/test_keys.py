"""Keys that look like paths, or like nothing: they are names in a catalog, and stay there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from holdall.s3.signing import Credentials

from ..matrix.wire import Wire, wired

LARGE = b"x" * 400_000
"""Too large for the catalog: its bytes are a file."""

HOSTILE = (
    *(".", "..", "...", "../..", "../../../../../../etc/passwd", "/etc/passwd", "//", "/", "a//b"),
    *("./a", "a/./b", "a/../../b", "a/..", "a/", "\\..\\..\\a", "C:\\a", "~", "~root/.ssh", "-rf"),
    *(
        "catalog.db",
        "payloads",
        "master-key",
        "access-key.json",
        "CON",
        "nul.txt",
        "a\x00b",
        "\x00",
    ),
    *(
        "a\r\nb",
        "\r\nSet-Cookie: a",
        "<script>",
        "&amp;",
        "]]>",
        "%2e%2e%2f",
        "%00",
        "%",
        "a b",
        "+",
    ),
    *("?acl", "#a", "$(id)", "`id`", "'; DROP TABLE blobs; --", "%s%n", "{0}", "${jndi:ldap://a}"),
    *(
        "\ufeff",
        "\u202e",
        "\uffff",
        "e\u0301",
        "\xe9",
        "\U0001f4a9",
        "\u2028",
        "a" * 1024,
        "/" * 1024,
    ),
    *("\U0010ffff" * 256, ".." + "/.." * 300, "api/v1/users", "healthz", "metrics"),
)
EVERY_BYTE = tuple(
    [chr(number) for number in range(1, 128)]
    + [chr(number) for number in (0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0x10000)]
)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """Nothing beside the store is touched, or made."""
    path = tmp_path / "canary"
    path.write_text("untouched")
    yield path
    assert path.read_text() == "untouched"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["canary", "store"]


@pytest.fixture
async def wire(tmp_path: Path, canary: Path) -> AsyncIterator[Wire]:
    async with wired(tmp_path / "store") as wire:
        await wire.make_user("alice")
        assert (await wire.send(wire.keys["alice"], "PUT", "/box")).status == 200
        yield wire
        await wire.backend.sweep()
        assert await wire.backend.check(scrub=True) == []


def target(key: str) -> str:
    return "/box/" + quote(key, safe="/")


async def test_every_key_survives(wire: Wire, tmp_path: Path):
    """What is put is what is got, listed and deleted: byte for byte, and apart from the others."""
    alice, keys = wire.keys["alice"], sorted({*HOSTILE, *EVERY_BYTE}, key=str.encode)
    for key in keys:
        answer = await wire.send(alice, "PUT", target(key), body=key.encode())
        assert answer.status == 200, (key, answer)
    for key in keys:
        assert (await wire.send(alice, "GET", target(key))).body == key.encode()
        assert (await wire.send(alice, "HEAD", target(key))).status == 200
    assert await listed(wire, alice) == keys
    for key in keys:
        assert (await wire.send(alice, "DELETE", target(key))).status == 204
    assert await listed(wire, alice) == []


async def listed(wire: Wire, who: Credentials) -> list[str]:
    answer = await wire.send(who, "GET", "/box", "encoding-type=url&list-type=2")
    return [unquote(key.decode()) for key in re.findall(b"<Key>([^<]*)", answer.body)]


async def test_no_name_reaches_the_disk(wire: Wire, tmp_path: Path):
    """Files are called by ids of their own."""
    alice, before = wire.keys["alice"], files_of(tmp_path)
    for key in HOSTILE:
        assert (await wire.send(alice, "PUT", target(key), body=LARGE)).status == 200
    made = files_of(tmp_path) - before
    assert len(made) >= len(set(HOSTILE))
    for path in made:
        assert path.is_relative_to(tmp_path / "store")
        assert re.fullmatch(r"[0-9a-z._-]+", path.name), path
        assert path.name not in HOSTILE
    assert not any(path.is_symlink() for path in made)


def files_of(path: Path) -> set[Path]:
    return {found for found in path.rglob("*") if found.is_file()}


@pytest.mark.parametrize(
    "path", ["/../box/kept", "/box/../box/kept", "/./box/kept", "//box/kept", "/%2e%2e/box/kept"]
)
async def test_paths_are_not_normalised(wire: Wire, path: str):
    """`..` names no bucket, and is a part of keys like any other."""
    alice = wire.keys["alice"]
    assert (await wire.send(alice, "PUT", "/box/kept", body=b"kept")).status == 200
    answer = await wire.send(alice, "GET", path)
    assert answer.status in (400, 404)
    assert (await wire.send(alice, "DELETE", path)).status in (204, 400, 404)
    assert (await wire.send(alice, "GET", "/box/kept")).body == b"kept"


BAD_KEYS = {
    "a" * 1025: "KeyTooLongError",
    "\u00e9" * 513: "KeyTooLongError",
}


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_keys_that_are_too_long(wire: Wire, key: str):
    answer = await wire.send(wire.keys["alice"], "PUT", target(key), body=b"a")
    assert (answer.status, answer.code) == (400, BAD_KEYS[key])


@pytest.mark.parametrize("raw", ["%ff", "%c0%af", "%ed%a0%80", "%f5%80%80%80", "%c3", "%zz", "%"])
async def test_keys_that_are_no_text(wire: Wire, raw: str):
    answer = await wire.send(wire.keys["alice"], "PUT", f"/box/{raw}", body=b"a")
    assert answer.status in (400, 403), answer


NAMES = (
    "..",
    ".",
    "...",
    "a",
    "Box",
    "a..b",
    "../box",
    "-a-",
    "127.0.0.1",
    "a" * 64,
    "\x00bc",
    "%",
)


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_buckets(wire: Wire, name: str):
    answer = await wire.send(wire.keys["alice"], "PUT", "/" + quote(name, safe=""))
    assert (answer.status, answer.code) == (400, "InvalidBucketName")


@pytest.mark.parametrize("word", ["prefix", "marker", "start-after", "delimiter"])
async def test_listings_take_any_text(wire: Wire, word: str):
    alice = wire.keys["alice"]
    for key in some(HOSTILE):
        assert (await wire.send(alice, "PUT", target(key), body=b"a")).status == 200
    for text in HOSTILE:
        query = f"encoding-type=url&list-type=2&{word}={quote(text, safe='')}"
        answer = await wire.send(
            alice, "GET", "/box", query.replace("list-type=2&marker", "marker")
        )
        assert answer.status == 200, (text, answer)
        assert all(len(name) < 4000 for name in re.findall(b"<Key>([^<]*)", answer.body))


def some(keys: Iterable[str]) -> list[str]:
    return list(keys)[::5]
