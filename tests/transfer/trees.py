"""Small random trees, on disk and in buckets, and what a plan makes of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import strategies as st

from holdall import Client
from holdall.transfer.steps import Step, Verb

LONG_AGO = 1_000_000_000.0

# Names before and after "/" in byte order, one that begins with another, and one not ASCII.
_NAMES = st.sampled_from(["a", "b", "a!", "a0", "ab", "ü"])
_CONTENTS = st.sampled_from([b"", b"1", b"2", b"333"])

Tree = Mapping[str, bytes | None]
"""Content by path; None for an empty directory, whose path ends in `/`."""


def _paths(names: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(names, min_size=1, max_size=3).map("/".join)


def _fits_a_disk(tree: Tree) -> bool:
    paths = [path.removesuffix("/") for path in tree]
    return len(set(paths)) == len(paths) and not any(
        other.startswith(f"{path}/") for path in paths for other in paths
    )


_files = st.dictionaries(_paths(_NAMES), _CONTENTS, max_size=8)
_hollow = st.dictionaries(_paths(_NAMES).map(lambda path: f"{path}/"), st.none(), max_size=2)

on_disk: st.SearchStrategy[Tree] = st.builds(
    lambda files, hollow: files | hollow, _files, _hollow
).filter(_fits_a_disk)

_odd_keys = st.text("ab/.", min_size=1, max_size=5)
in_bucket: st.SearchStrategy[Tree] = st.builds(
    lambda files, hollow, odd: files | hollow | odd,
    _files,
    _hollow,
    st.dictionaries(_odd_keys, _CONTENTS, max_size=3),
)


def lay_out(root: Path, tree: Tree, *, old: bool) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for relative, content in tree.items():
        path = root / relative
        if content is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if old:
            os.utime(path, (LONG_AGO, LONG_AGO))


async def put_in(client: Client, bucket: str, tree: Tree) -> None:
    for key, content in tree.items():
        await client.buckets.put_blob(bucket, key, content or b"")


def read_disk(root: Path) -> dict[str, bytes | None]:
    """All below a folder, as a tree."""
    found: dict[str, bytes | None] = {}
    for folder, folders, names in os.walk(root):
        relative = Path(folder).relative_to(root).as_posix()
        prefix = "" if relative == "." else f"{relative}/"
        if not folders and not names and prefix:
            found[prefix] = None
        for name in names:
            found[prefix + name] = Path(folder, name).read_bytes()
    return found


async def read_bucket(client: Client, bucket: str) -> dict[str, bytes | None]:
    found: dict[str, bytes | None] = {}
    async with client.buckets.list_blobs(f"blob:{bucket}", recursive=True) as entries:
        async for entry in entries:
            async with client.buckets.fetch_blob(bucket, entry.key) as chunks:
                content = b"".join([chunk async for chunk in chunks])
            found[entry.key] = None if entry.is_dir() else content
    return found


def applied(steps: Sequence[Step], source: Tree, target: Tree) -> dict[str, bytes | None]:
    """What the target has to be when exactly these steps are done."""
    made = dict(target)
    for step in steps:
        if step.verb is Verb.DELETE:
            del made[step.relative]
        elif step.verb in (Verb.SEND, Verb.FETCH, Verb.COPY):
            made[step.relative] = source[step.relative]
    return made


def files_of(tree: Tree) -> dict[str, bytes | None]:
    return {path: content for path, content in tree.items() if content is not None}
