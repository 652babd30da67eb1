"""The demo's steps: each does one thing to the store, proves it, and says it with figures."""

from __future__ import annotations

from asyncio import to_thread
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Final

from holdall.cli import human
from holdall.cli.demo.tree import Tree, differences
from holdall.cli.exit_codes import ExitCode
from holdall.cli.output import Output
from holdall.cli.places import Blob
from holdall.cli.transfer.despite import despite_failures
from holdall.cli.transfer.display import display_for
from holdall.cli.transfer.tally import Tally
from holdall.cli.undoing import undo
from holdall.client.client import Client
from holdall.client.values.entry import BlobObject
from holdall.core.errors import BlobNotFound, InvalidArgument
from holdall.core.uris import BlobURI, parse

BUCKET: Final = "demo"
_ADDED: Final = b"\n# This line was added by holdall demo.\n"


class Demo:
    """One run on one tree. `place` is an empty directory for whatever is read back."""

    def __init__(self, client: Client, output: Output, tree: Tree, place: Path) -> None:
        self._client = client
        self._buckets = client.buckets
        self._output = output
        self._tree = tree
        self._place = place
        self._root = str(BlobURI(bucket=BUCKET))
        self._stored = 0

    async def run(self) -> None:
        """All steps in order."""
        await self._store()
        await self._read_back()
        blob, moment = await self._before_change()
        await self._change(blob)
        await self._show_revisions(blob)
        await self._restore(blob)
        await self._delete_and_undo(blob)
        await self._look_back(blob, moment)
        await self._check()

    async def _store(self) -> None:
        await self._buckets.create(BUCKET)
        with display_for(self._output) as display:
            tally = Tally(self._output, display)
            upload = self._buckets.upload_dir(
                self._tree.path, self._root, filter=self._tree.wants, progress=tally
            )
            await despite_failures(upload)
        self._stored = tally.files
        if not tally.files:
            raise InvalidArgument(f"{self._tree.path} holds no files", path=self._tree.path)
        self._transferred("stored", tally, f" from {self._tree.path}, each durable on disk")

    async def _read_back(self) -> None:
        copy = self._place / "copy"
        with display_for(self._output) as display:
            tally = Tally(self._output, display)
            await despite_failures(self._buckets.download_dir(self._root, copy, progress=tally))
        self._transferred("read back", tally, " into a folder beside it, checksums verified")
        compared, different = await to_thread(differences, self._tree, copy)
        self._expect(not different, f"{len(different)} files differ, {different[:1]}")
        self._expect(compared == self._stored, f"{self._stored - compared} files are missing")
        text = f"{human.plural(compared, 'file')} with the tree's own: every byte is the same"
        self._output.fact("compared", text, {"files": compared, "different": len(different)})

    async def _before_change(self) -> tuple[BlobObject, datetime]:
        """A blob to change, and a time at which all is stored and it is not yet changed."""
        chosen, last = None, None
        async with self._buckets.list_blobs(self._root, recursive=True, limit=None) as entries:
            async for entry in entries:
                if isinstance(entry, BlobObject) and entry.is_file() and entry.modified_at:
                    last = max(last or entry.modified_at, entry.modified_at)
                    chosen = chosen or (entry if entry.size else None)
        if chosen is None or last is None:
            raise InvalidArgument(f"every file in {self._tree.path} is empty")
        return chosen, last

    async def _change(self, blob: BlobObject) -> None:
        content = await self._read(blob)
        changed = await self._buckets.put_blob(BUCKET, blob.key, content + _ADDED)
        self._expect(await self._read(blob) == content + _ADDED, "the change is not there")
        text = f"{_short(blob)}: {blob.size:,} bytes became {changed.size:,}"
        self._output.fact("changed", text, {"key": blob.key, "size": changed.size})

    async def _show_revisions(self, blob: BlobObject) -> None:
        async with self._buckets.revisions(blob.uri) as revisions:
            found = [revision async for revision in revisions]
        sizes = ", ".join(f"number {each.revision} of {each.size:,} bytes" for each in found)
        numbers = [each.revision for each in found]
        text = f"{_short(blob)} has {human.plural(len(found), 'revision')}: {sizes}"
        self._output.fact("revisions", text, {"revisions": numbers})

    async def _restore(self, blob: BlobObject) -> None:
        restored = await self._buckets.restore(blob.uri, 0)
        same = await self._read(blob) == await to_thread((self._tree.path / blob.key).read_bytes)
        self._expect(same, "the restored revision is not the original")
        number = restored.revision
        text = f"revision 0, the original, as revision {number}; its bytes are the file's"
        self._output.fact("restored", text, {"revision": restored.revision})

    async def _delete_and_undo(self, blob: BlobObject) -> None:
        await self._buckets.delete_blob(BUCKET, blob.key)
        self._expect(await self._is_gone(blob), "the deleted blob can still be read")
        self._output.fact("deleted", f"{_short(blob)}: reading it finds nothing", {"key": blob.key})
        undone = await undo(self._client, Blob(parse(blob.uri)))
        self._expect(undone.now is not None, "the deleted blob did not come back")
        if undone.now is not None:
            number = undone.now.revision
            text = f"the deletion: {_short(blob)} is back, as revision {number}"
            self._output.fact("undone", text, {"revision": number})

    async def _look_back(self, blob: BlobObject, moment: datetime) -> None:
        began, count, then = monotonic(), 0, -1
        listing = self._buckets.list_blobs(self._root, recursive=True, limit=None, at=moment)
        async with listing as entries:
            async for entry in entries:
                count += entry.is_file()
                if isinstance(entry, BlobObject) and entry.key == blob.key:
                    then = entry.revision
        self._expect((count, then) == (self._stored, 0), "the bucket's past is not what it was")
        text = (
            f"as of {moment.astimezone():%H:%M:%S.%f}, before the change: "
            f"{human.plural(count, 'file')}, {_short(blob)} at revision {then} "
            f"in {human.duration(monotonic() - began)}"
        )
        self._output.fact("listed", text, {"files": count, "at": moment})

    async def _check(self) -> None:
        began = monotonic()
        problems = await self._client.check(scrub=True)
        for problem in problems:
            self._output.fail_saying(f"{problem.kind}: {problem.detail}", ExitCode.DAMAGED)
        verdict = human.plural(len(problems), "problem") if problems else "nothing is damaged"
        seconds = monotonic() - began
        text = f"{verdict}; every byte was read in {human.duration(seconds)}"
        fields = {"problems": len(problems), "seconds": round(seconds, 3)}
        self._output.fact("checked", text, fields)

    async def _read(self, blob: BlobObject) -> bytes:
        async with self._buckets.fetch_blob(BUCKET, blob.key) as content:
            return b"".join([chunk async for chunk in content])

    async def _is_gone(self, blob: BlobObject) -> bool:
        try:
            await self._read(blob)
        except BlobNotFound:
            return True
        return False

    def _transferred(self, name: str, tally: Tally, what: str) -> None:
        seconds = tally.seconds
        text = (
            f"{human.plural(tally.files, 'file')}, {human.size(tally.bytes)}{what}, "
            f"in {human.duration(seconds)}: {human.files_rate(tally.files, seconds)}, "
            f"{human.rate(tally.bytes, seconds)}"
        )
        self._output.fact(name, text, tally.fields())

    def _expect(self, holds: bool, complaint: str) -> None:
        if not holds:
            self._output.fail_saying(complaint, ExitCode.DAMAGED)


def _short(blob: BlobObject) -> str:
    return str(BlobURI(bucket=BUCKET, key=blob.key))
