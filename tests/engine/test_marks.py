"""Attributes stay, marks change; both belong to one revision and go with it."""

from __future__ import annotations

import pytest

from holdall.backends.engine import EngineBackend
from holdall.core.errors import BlobNotFound, InvalidArgument, RevisionNotFound
from holdall.core.values import CopyOptions, PutOptions, Span
from holdall.engine.engine import Engine
from holdall.engine.marks import get_marks, set_mark

from .stores import LARGE, rows_of

SAID = PutOptions(attributes={"cache-control": "no-store", "é": "\0"}, marks={"acl": "a"})


@pytest.mark.parametrize("data", [b"small", LARGE], ids=["small", "large"])
async def test_attributes_are_kept_with_the_revision(
    backend: EngineBackend, engine: Engine, data: bytes
) -> None:
    made = await backend.put("box", "k", data, options=SAID)
    await backend.put("box", "k", b"other")
    assert made.attributes == SAID.attributes
    assert (await backend.head("box", "k", revision=0)).attributes == SAID.attributes
    assert (await backend.head("box", "k")).attributes == {}
    assert await get_marks(engine, "box", "k", 0) == {"acl": "a"}
    assert await get_marks(engine, "box", "k") == {}


async def test_a_copy_keeps_attributes_and_never_marks(
    backend: EngineBackend, engine: Engine
) -> None:
    await backend.put("box", "k", b"x", options=SAID)
    for options, kept, marked in (
        (CopyOptions(), SAID.attributes, {}),
        (CopyOptions(attributes={}, marks={"acl": "b"}), {}, {"acl": "b"}),
        (CopyOptions(attributes={"a": "1"}), {"a": "1"}, {}),
    ):
        copied = await backend.copy("box", "k", "flat", "copy", options=options)
        assert copied.attributes == kept
        assert await get_marks(engine, "flat", "copy") == marked


async def test_an_upload_gives_its_attributes_and_marks(
    backend: EngineBackend, engine: Engine
) -> None:
    upload = await backend.start_upload("box", "k", options=SAID)
    await upload.part(1, b"part")
    made = await upload.complete()
    assert made.attributes == SAID.attributes
    assert await get_marks(engine, "box", "k") == {"acl": "a"}


async def test_marks_are_set_replaced_and_taken_away(
    backend: EngineBackend, engine: Engine
) -> None:
    await backend.put("box", "k", b"x")
    await set_mark(engine, "box", "k", "acl", "a")
    await set_mark(engine, "box", "k", "acl", "b")
    await set_mark(engine, "box", "k", "hold", "OFF", 0)
    assert await get_marks(engine, "box", "k") == {"acl": "b", "hold": "OFF"}
    await set_mark(engine, "box", "k", "acl", None)
    await set_mark(engine, "box", "k", "never", None)
    assert await get_marks(engine, "box", "k") == {"hold": "OFF"}
    await set_mark(engine, "box", "k", "hold", None)
    assert await get_marks(engine, "box", "k") == {}


async def test_a_check_sees_the_old_value_and_may_refuse(
    backend: EngineBackend, engine: Engine
) -> None:
    seen: list[str | None] = []

    def refuse(old: str | None) -> None:
        seen.append(old)
        raise KeyError("no")

    await backend.put("box", "k", b"x")
    await set_mark(engine, "box", "k", "acl", "first", check=seen.append)
    with pytest.raises(KeyError):
        await set_mark(engine, "box", "k", "acl", "second", check=refuse)
    assert await get_marks(engine, "box", "k") == {"acl": "first"}
    assert (seen[0], seen[-1]) == (None, "first")


async def test_marks_go_with_their_revision(backend: EngineBackend, engine: Engine) -> None:
    for bucket in ("box", "flat", "slack"):
        await backend.put(bucket, "k", b"x", options=SAID)
        await backend.put(bucket, "k", b"y", options=SAID)
    assert await rows_of(backend, "marks") == 4
    await backend.delete("box", "k", revision=0)
    await backend.delete("flat", "k")
    await backend.delete_all_revisions("slack", "k")
    await backend.delete_bucket("box", force=True)
    assert await rows_of(backend, "marks") == 0


@pytest.mark.parametrize(
    "marks",
    [{"hold": "on"}, {"retention": "{}"}, {"acl": "\0"}, {"acl": "\ud800"}, {"acl": 1}]
    + [
        {"retention": f'{{"mode": {mode}, "until": {until}}}'}
        for mode, until in (('"NONE"', 1), ('"GOVERNANCE"', -1), ('"COMPLIANCE"', '"x"'))
    ],
)
async def test_what_is_no_mark(
    backend: EngineBackend, engine: Engine, marks: dict[str, str]
) -> None:
    with pytest.raises(InvalidArgument):
        await backend.put("box", "k", b"x", options=PutOptions(marks=marks))
    await backend.put("box", "k", b"x")
    ((name, value),) = marks.items()
    with pytest.raises(InvalidArgument):
        await set_mark(engine, "box", "k", name, value)


async def test_delete_markers_have_no_marks(backend: EngineBackend, engine: Engine) -> None:
    with pytest.raises(BlobNotFound) as absent:
        await get_marks(engine, "box", "k")
    assert absent.value.marker is None
    await backend.put("box", "k", b"x")
    marker = await backend.delete("box", "k")
    assert marker is not None
    with pytest.raises(BlobNotFound) as deleted:
        await get_marks(engine, "box", "k")
    with pytest.raises(RevisionNotFound) as named:
        await set_mark(engine, "box", "k", "acl", "a", marker.version)
    assert deleted.value.marker.version == named.value.marker.version == marker.version


async def test_the_null_revision_has_a_name(backend: EngineBackend, engine: Engine) -> None:
    await backend.put("slack", "k", b"null")
    assert (await backend.head("slack", "k")).is_null
    assert not (await backend.put("box", "k", b"numbered")).is_null
    assert (await backend.put("flat", "k", b"flat")).is_null
    for call in (
        backend.head("box", "k", revision="null"),
        backend.open("box", "k", revision="null"),
        backend.delete("box", "k", revision="null"),
        backend.copy("box", "k", "box", "to", revision="null"),
        backend.set_tags("box", "k", {}, revision="null"),
        backend.restore("box", "k", "null"),
        get_marks(engine, "box", "k", "null"),
        set_mark(engine, "box", "k", "acl", "a", "null"),
        (await backend.start_upload("box", "u")).copy_part(1, "box", "k", revision="null"),
    ):
        with pytest.raises(RevisionNotFound):
            await call
    await backend.set_tags("slack", "k", {"t": "1"}, revision="null")
    await set_mark(engine, "slack", "k", "acl", "a", "null")
    copied = await backend.copy("slack", "k", "box", "copy", revision="null")
    assert copied.tags == {"t": "1"}
    async with await backend.open("slack", "k", revision="null", span=Span(1)) as reading:
        assert await reading.read() == b"ull"
    await backend.delete("slack", "k", revision="null")
    with pytest.raises(BlobNotFound):
        await backend.head("slack", "k", revision="null")
