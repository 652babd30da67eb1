"""Copies and moves of one blob, within a store or from one to another."""

from __future__ import annotations

from holdall.backends.protocol import RevisionRef
from holdall.client.place import Place
from holdall.core.errors import InvalidArgument, NotSupported
from holdall.core.values import CopyOptions, Precondition, PutOptions, Revision


async def copy(
    source: Place, target: Place, revision: RevisionRef, precondition: Precondition
) -> Revision:
    """As `Backend.copy`. Between two stores the bytes stream through here, verified by both."""
    if source.backend is not target.backend:
        return await _streamed(source, target, revision, precondition)
    return await source.backend.copy(
        source.bucket.id,
        source.key,
        target.bucket.id,
        target.key,
        revision=revision,
        options=CopyOptions(precondition=precondition),
    )


async def move(source: Place, target: Place) -> Revision:
    """In one step where the backend can; else nothing is deleted but what was copied."""
    able = source.backend.capabilities
    if source.backend is target.backend and able.atomic_move:
        return await source.backend.move(source.bucket.id, source.key, target.bucket.id, target.key)
    if (source.bucket, source.key) == (target.bucket, target.key):
        raise InvalidArgument(f"{source.key!r} cannot be moved onto itself.", key=source.key)
    if not able.conditional_delete:
        raise NotSupported("This store cannot delete a blob on condition that it is unchanged.")
    held = await source.backend.head(source.bucket.id, source.key)
    pinned = held.version if able.versions else None
    moved = await copy(source, target, pinned, Precondition())
    await source.backend.delete(
        source.bucket.id, source.key, precondition=Precondition(if_match=held.etag)
    )
    return moved


async def _streamed(
    source: Place, target: Place, revision: RevisionRef, precondition: Precondition
) -> Revision:
    async with await source.backend.open(
        source.bucket.id, source.key, revision=revision
    ) as reading:
        found = reading.revision
        options = PutOptions(
            content_type=found.content_type,
            metadata=found.metadata,
            tags=found.tags,
            precondition=precondition,
        )
        chunks = (chunk async for chunk in reading)  # its `read` takes no size
        return await target.backend.put(target.bucket.id, target.key, chunks, options=options)
