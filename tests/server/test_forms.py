from __future__ import annotations

import itertools
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall.s3.errors import S3Error
from holdall.server import forms
from holdall.server.body import Body
from holdall.server.request import Message

TYPE = "multipart/form-data; boundary=b0"


def body(*pieces: bytes) -> Body:
    messages = iter([*pieces, None])

    async def receive() -> Message:
        piece = next(messages)
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    return Body(receive, sum(map(len, pieces)))


def part(name: str, value: bytes, more: str = "") -> bytes:
    return f'--b0\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'.encode() + (
        value + b"\r\n"
    )


def whole(file: bytes, *fields: tuple[str, bytes]) -> bytes:
    before = b"".join(part(name, value) for name, value in fields)
    return before + part("file", file, '; filename="f.bin"') + b"--b0--\r\n"


async def content(form: forms.Form) -> bytes:
    return b"".join([chunk async for chunk in form.content])


@settings(max_examples=60)
@given(st.binary(max_size=300), st.lists(st.integers(0, 600), max_size=8))
async def test_however_it_is_cut_the_same_comes_out(file: bytes, cuts: list[int]) -> None:
    data = whole(file, ("Key", "ü".encode()), ("a", b"\r\n--b"))
    at = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    form = await forms.read(body(*(data[a:b] for a, b in itertools.pairwise(at))), TYPE)
    assert form.fields == {"key": "ü", "a": "\r\n--b"}
    assert await content(form) == file


@settings(max_examples=100)
@given(st.binary(max_size=400))
async def test_any_bytes_are_a_form_or_refused(data: bytes) -> None:
    with suppress(S3Error):  # and nothing else
        await content(await forms.read(body(data), TYPE))


async def test_a_large_file_is_passed_on_in_pieces() -> None:
    file, piece = b"x" * 5_000_000, 70_000
    data = whole(file)
    pieces = [data[at : at + piece] for at in range(0, len(data), piece)]
    form = await forms.read(body(*pieces), TYPE)
    sizes = [len(chunk) async for chunk in form.content]
    assert sum(sizes) == len(file)
    assert max(sizes) < 1_500_000


async def test_what_comes_after_the_file_is_ignored() -> None:
    data = whole(b"one", ("key", b"k")).removesuffix(b"--b0--\r\n")
    data += part("file", b"two", '; filename="g"') + part("key", b"x" * 50_000) + b"--b0--\r\n"
    form = await forms.read(body(data), TYPE)
    assert (form.fields, await content(form)) == ({"key": "k"}, b"one")


async def test_a_field_with_a_file_name_is_a_field() -> None:
    data = part("key", b"k", '; filename="key"') + whole(b"f")
    assert (await forms.read(body(data), TYPE)).fields == {"key": "k"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "MalformedPOSTRequest"),
        (b"--other\r\n", "MalformedPOSTRequest"),
        (b"--b0--\r\n", "InvalidArgument"),
        (part("key", b"k"), "MalformedPOSTRequest"),
        (part("key", b"k") + b"--b0--\r\n", "InvalidArgument"),
        (part("key", b"k") + part("KEY", b"l") + b"--b0--\r\n", "InvalidArgument"),
        (part("key", b"\xff") + b"--b0--\r\n", "MalformedPOSTRequest"),
        (b"--b0\r\nContent-Disposition: inline\r\n\r\nx\r\n--b0--\r\n", "MalformedPOSTRequest"),
        (b"--b0\r\nX: y\r\n\r\nx\r\n--b0--\r\n", "MalformedPOSTRequest"),
        (part("a", b"x" * 20_481), "MaxPostPreDataLengthExceeded"),
        (part("a", b"x" * 11_000) + part("b", b"x" * 11_000), "MaxPostPreDataLengthExceeded"),
        (b"--b0\r\n" + b"X: y\r\n" * 5000, "MalformedPOSTRequest"),
    ],
)
async def test_what_is_no_form(data: bytes, code: str) -> None:
    with pytest.raises(S3Error) as refusal:
        await forms.read(body(data), TYPE)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("", "PreconditionFailed"),
        ("text/plain", "PreconditionFailed"),
        ("multipart/form-data", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=", "MalformedPOSTRequest"),
        ("multipart/form-data; boundary=" + "x" * 5000, "MalformedPOSTRequest"),
    ],
)
async def test_a_type_that_is_none(kind: str, code: str) -> None:
    with pytest.raises(S3Error) as refusal:
        await forms.read(body(whole(b"")), kind)
    assert refusal.value.code == code
