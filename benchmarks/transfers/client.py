"""Our client as a program uses it: `python -m benchmarks.transfers.client URL WORK PATH KEY`.

Prints the seconds of the transfer alone.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.transfers.work import BUCKET, Work
from holdall import connect


async def transfer(endpoint: str, work: Work, path: Path, key: str) -> float:
    keys = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    async with connect(endpoint, access_key=keys[0], secret_key=keys[1]) as client:
        buckets, uri = client.buckets, f"blob:{BUCKET}/{key}"
        await buckets.get(BUCKET)  # it is connected, as the others' clients are made
        start = perf_counter()
        match work:
            case Work.FILES_UP:
                await buckets.upload_dir(path, uri)
            case Work.FILES_DOWN:
                await buckets.download_dir(uri, path)
            case Work.LARGE_UP:
                await buckets.upload_file(path, uri)
            case Work.LARGE_DOWN:
                await buckets.download_file(uri, path)
        return perf_counter() - start


if __name__ == "__main__":
    endpoint, work, path, key = sys.argv[1:]
    print(asyncio.run(transfer(endpoint, Work[work], Path(path), key)))
