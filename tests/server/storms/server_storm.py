"""A server that is killed at random moments under several clients, again and again.

After each kill it is started anew, and everything that it had acknowledged is read back.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from holdall.backends.engine import EngineBackend

from .caller import KEPT, PLAIN, Caller, digest_of
from .served import Served

CALLERS = 4
LONGEST = 1.2
"""Seconds until a kill."""
LATER = 3600
"""Seconds by which a store is opened for its check: every lease of the dead has run out."""


class ServerStorm:
    """The same store through many rounds. `problems` says what was broken, by round.

    Every other round has two workers, one of which is killed first. With `hasty`, clients
    believe that a change is done before they ask for it.
    """

    def __init__(self, folder: Path, seed: int, *, hasty: bool = False) -> None:
        self.folder = folder
        self.rounds = self.kills = 0
        self.problems: list[str] = []
        self.seconds = 0.0
        self._seed = seed
        self._chance = random.Random(seed)
        self._callers = [Caller(f"caller{n}", str(seed), hasty=hasty) for n in range(CALLERS)]

    @property
    def acknowledged(self) -> int:
        return sum(caller.acknowledged for caller in self._callers)

    def run(self, rounds: int) -> None:
        """So many kills; the store is looked at after each."""
        began = time.monotonic()
        for _ in range(rounds):
            self._round()
        self._look(self._serve(1))
        self._check()
        self.seconds += time.monotonic() - began

    def _serve(self, workers: int) -> Served:
        served = Served(self.folder, workers)
        client = served.client()
        if self.rounds == 0:
            client.create_bucket(Bucket=PLAIN)
            client.create_bucket(Bucket=KEPT)
            client.put_bucket_versioning(Bucket=KEPT, VersioningConfiguration={"Status": "Enabled"})
        return served

    def _round(self) -> None:
        workers = 1 + self.rounds % 2
        served = self._serve(workers)
        try:
            self._verify(served)
            self._storm(served, workers)
        finally:
            served.kill()
        self.rounds += 1
        self.kills += 1
        if self._chance.random() < 0.5:  # else the next server meets what this one left
            self._check()

    def _look(self, served: Served) -> None:
        try:
            self._verify(served)
        finally:
            served.kill()

    def _storm(self, served: Served, workers: int) -> None:
        over = threading.Event()
        threads = [
            threading.Thread(target=_work, args=(caller, served.client(), over))
            for caller in self._callers
        ]
        for thread in threads:
            thread.start()
        try:
            time.sleep(self._chance.uniform(0.05, LONGEST))
            if workers > 1 and (found := served.workers()):
                os.kill(self._chance.choice(found), signal.SIGKILL)
                self.kills += 1
                time.sleep(self._chance.uniform(0.0, LONGEST))
        finally:
            over.set()  # a request in flight is not waited for: it ends with the server
            served.kill()
            for thread in threads:
                thread.join()

    # what has to be true of a server that was started anew

    def _verify(self, served: Served) -> None:
        client = served.client()
        with ThreadPoolExecutor(CALLERS) as pool:
            for found in pool.map(lambda caller: _lost(caller, client), self._callers):
                self.problems += [f"round {self.rounds}: {problem}" for problem in found]
        self._verify_listings(client)

    def _verify_listings(self, client: Any) -> None:
        for bucket in (PLAIN, KEPT):
            listed = client.list_objects_v2(Bucket=bucket).get("Contents", [])
            expected = {
                key
                for caller in self._callers
                for (place, key), states in caller.possible.items()
                if place == bucket and states != {None}
            }
            if {one["Key"] for one in listed} != expected:
                self.problems.append(f"round {self.rounds}: {bucket} lists {listed}")

    def _check(self) -> None:
        self.problems += asyncio.run(_check(self.folder))


def _work(caller: Caller, client: Any, over: threading.Event) -> None:
    """Until the server is gone: a worker that dies leaves others that answer."""
    while caller.act(client) or not over.is_set():
        if over.is_set():
            return


def _lost(caller: Caller, client: Any) -> list[str]:
    """What a client misses. It knows afterwards what each of its keys holds."""
    problems = [*caller.problems]
    caller.problems.clear()
    for place, states in caller.possible.items():
        found = _read(client, *place)
        if found not in states:
            problems.append(f"{place} holds {found}, possible were {states}")
        caller.possible[place] = {found}
    for (key, version), digest in caller.versions.items():
        if _read(client, KEPT, key, VersionId=version) != digest:
            problems.append(f"version {version} of {key} is lost or damaged")
    _forget_old(caller, client)
    for id in list(caller.uploads):
        problems += _finish(caller, client, id)
    return problems


def _read(client: Any, bucket: str, key: str, **more: str) -> str | None:
    try:
        return digest_of(client.get_object(Bucket=bucket, Key=key, **more)["Body"].read())
    except client.exceptions.NoSuchKey:
        return None


def _forget_old(caller: Caller, client: Any) -> None:
    """What was proved to be there goes, so that the store stays small. Not what is current."""
    for key, version in caller.versions:
        current = None
        with suppress(ClientError):
            current = client.head_object(Bucket=KEPT, Key=key)["VersionId"]
        if version != current:
            client.delete_object(Bucket=KEPT, Key=key, VersionId=version)
    caller.versions.clear()


def _finish(caller: Caller, client: Any, id: str) -> list[str]:
    """An upload that was under way has the parts that were acknowledged, and can be completed;
    one whose completion was under way may be over."""
    sending = caller.uploads[id]
    target = {"Bucket": sending.place[0], "Key": sending.place[1], "UploadId": id}
    try:
        stored = client.list_parts(**target).get("Parts", [])
    except client.exceptions.NoSuchUpload:
        del caller.uploads[id]
        return [] if sending.completing else [f"upload {id} of {sending.place} is lost"]
    etags = {part["PartNumber"]: part["ETag"] for part in stored}
    lost = [n for n, (etag, _) in sending.parts.items() if etags.get(n) != etag]
    if lost or not sending.parts:
        client.abort_multipart_upload(**target)
        del caller.uploads[id]
        return [f"parts {lost} of {sending.place} are lost"] if lost else []
    caller.complete(client, id)
    found = _read(client, *sending.place)
    return [] if {found} == caller.possible[sending.place] else [f"{sending.place} is damaged"]


async def _check(folder: Path) -> list[str]:
    """What is wrong with a store that nobody serves, once leftovers were swept."""
    backend = await EngineBackend.at(folder, owner="check", create=False)
    backend.engine.now = lambda: time.time_ns() // 1000 + LATER * 1_000_000
    try:
        await backend.sweep()
        return [f"check: {problem}" for problem in await backend.check(scrub=True)]
    finally:
        await backend.aclose()
