"""What a transfer that failed left to go on with, and the command that does so."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdall.cli import human
from holdall.cli.options import DEFAULT_STORE, STORE_VARIABLE
from holdall.cli.output import Output
from holdall.cli.transfer.tally import Tally
from holdall.client.local import url_of
from holdall.transfer.entries import Entry, UploadEntry
from holdall.transfer.transfers import Transfers

_NAMED: Final = 4
"""More transfers than these are not named: without a name all are resumed."""


@dataclass(frozen=True, slots=True)
class Resuming:
    """Tells of large files that a command began and did not finish. `store` is as it was said."""

    transfers: Transfers
    store: str

    async def tell(self, output: Output, tally: Tally) -> None:
        """One line with the command that finishes them; none where nothing is left."""
        begun = tally.under_way
        if not begun:
            return
        left = [each.id for each in await self.transfers.unfinished() if _local(each) in begun]
        if left:
            files = human.plural(len(left), "large file")
            output.note(f"what arrived of {files} is kept; to go on: {command(left, self.store)}")


def command(ids: Sequence[str], store: str) -> str:
    """The line that resumes these transfers in this shell."""
    is_known = store in (DEFAULT_STORE, os.environ.get(STORE_VARIABLE))
    where = [] if is_known else ["--store", store]
    named = ids if len(ids) <= _NAMED else ()
    return shlex.join(["holdall", *where, "transfers", "resume", *named])


def _local(entry: Entry) -> str:
    """The end that is here, as events name it."""
    return str(url_of(Path(entry.src if isinstance(entry, UploadEntry) else entry.dst)))
