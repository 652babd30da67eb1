"""boto3's `upload_file` and `download_file` in sixteen threads, as programs use them.

`python -m benchmarks.transfers.boto3_threads URL WORK PATH KEY` prints the seconds of the
transfer alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

from benchmarks.measure import TASKS
from benchmarks.transfers.work import BUCKET, Work


def transfer(endpoint: str, work: Work, path: Path, key: str) -> float:
    config = Config(max_pool_connections=TASKS)
    s3 = boto3.client("s3", endpoint_url=endpoint, config=config)
    start = perf_counter()
    match work:
        case Work.LARGE_UP:
            s3.upload_file(str(path), BUCKET, key)
        case Work.LARGE_DOWN:
            s3.download_file(BUCKET, key, str(path))
        case Work.FILES_UP:
            _at_once(s3.upload_file, _up(path, key))
        case Work.FILES_DOWN:
            _at_once(s3.download_file, _down(s3, path, key))
    return perf_counter() - start


def _at_once(call: Any, arguments: Iterator[tuple[str, str, str]]) -> None:
    with ThreadPoolExecutor(TASKS) as pool:
        for _ in pool.map(lambda each: call(*each), arguments):
            pass


def _up(path: Path, key: str) -> Iterator[tuple[str, str, str]]:
    for file in path.rglob("*/*"):
        yield str(file), BUCKET, f"{key}/{file.relative_to(path)}"


def _down(s3: Any, path: Path, key: str) -> Iterator[tuple[str, str, str]]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{key}/")
    for page in pages:
        for found in page["Contents"]:
            file = path / found["Key"].removeprefix(f"{key}/")
            file.parent.mkdir(parents=True, exist_ok=True)
            yield BUCKET, found["Key"], str(file)


if __name__ == "__main__":
    endpoint, work, path, key = sys.argv[1:]
    print(transfer(endpoint, Work[work], Path(path), key))
