"""What a copy shall say, where its options leave that to the source."""

from __future__ import annotations

from holdall.core.values import CopyOptions, PutOptions, Revision


def wanted(source: Revision, options: CopyOptions) -> PutOptions:
    return PutOptions(
        content_type=options.content_type or source.content_type,
        metadata=source.metadata if options.metadata is None else options.metadata,
        tags=source.tags if options.tags is None else options.tags,
        precondition=options.precondition,
    )
