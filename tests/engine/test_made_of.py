"""What a content was made of is remembered, and goes with it."""

from __future__ import annotations

from holdall.backends.engine import EngineBackend
from holdall.engine.engine import Engine
from holdall.engine.made_of import completed_part, completed_parts_of

from .pieces import PIECES, begun, digest
from .stores import LARGE, rows_of


async def test_what_a_content_was_made_of(backend: EngineBackend, engine: Engine) -> None:
    upload = await begun(backend, "sha256", pieces=(*PIECES, b"four", b"five"))
    made = await upload.complete([1, 2, 4, 5])
    assert made.parts == 4
    found = await completed_parts_of(engine, "box", "k")
    assert found.revision == made
    starts = [(part.number, part.start, part.size) for part in found.parts]
    first, second = len(PIECES[0]), len(PIECES[0]) + len(LARGE)
    wanted = [(1, 0, 30), (2, first, len(LARGE)), (4, second, 4), (5, second + 4, 4)]
    assert starts == wanted
    assert found.parts[1].checksums["sha256"] == digest("sha256", LARGE)
    page = await completed_parts_of(engine, "box", "k", after=1, limit=2)
    assert [(part.number, part.start) for part in page.parts] == [(2, first), (4, second)]
    four = await completed_part(engine, "box", "k", 4)
    assert [(part.start, part.size) for part in four.parts] == [(second, 4)]
    for missing in (3, 6, 0):
        assert (await completed_part(engine, "box", "k", missing)).parts == ()


async def test_parts_are_forgotten_with_their_content(
    backend: EngineBackend, engine: Engine
) -> None:
    upload = await begun(backend)
    made = await upload.complete()
    await backend.copy("box", "k", "box", "copy")
    assert (await completed_parts_of(engine, "box", "copy")).parts == ()
    await backend.put("box", "k", b"plain")
    plain = await completed_parts_of(engine, "box", "k")
    assert (plain.revision.parts, plain.parts) == (0, ())
    assert await rows_of(backend, "completed_parts") == 3
    await backend.delete("box", "k", revision=made.version)
    assert await rows_of(backend, "completed_parts") == 0
