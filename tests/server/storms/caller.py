"""One client: does at random what clients do, and remembers what it was told."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

PLAIN, KEPT = "plain", "kept"
"""A bucket without versioning, and one with it."""
PART = 5 * 1024 * 1024
SIZES = ((4096, 4096), (4097, 60_000), (66_000, 1_000_000), (1_000_000, 8 * 1024 * 1024))
WEIGHTS = (40, 25, 25, 10)

Place = tuple[str, str]
State = str | None
"""The digest of what a key holds, None for nothing."""


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Sending:
    """An upload that was started. `states` is what the key may hold once its completion was
    begun; parts are those that were acknowledged."""

    place: Place
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    completing: bool = False


class Caller:
    """Owns some keys in each bucket, so that it knows what they may hold: `possible`.

    With `hasty`, it believes that a change is done before it asks for it.
    """

    def __init__(self, name: str, seed: str, *, hasty: bool = False) -> None:
        self.name = name
        self.hasty = hasty
        self.possible: dict[Place, set[State]] = {
            (bucket, f"{name}/{number}"): {None} for bucket in (PLAIN, KEPT) for number in range(4)
        }
        self.versions: dict[tuple[str, str], str] = {}
        self.uploads: dict[str, Sending] = {}
        self.acknowledged = 0
        self.problems: list[str] = []
        self._chance = random.Random(f"{seed}/{name}")

    def act(self, client: Any) -> bool:
        """One change; False where no answer came."""
        does = self._chance.choices((self._put, self._delete, self._copy, self._upload), WEIGHED)
        place = self._chance.choice(list(self.possible))
        try:
            does[0](client, place)
        except BotoCoreError:
            return False
        except ClientError as error:
            self._refused(error)
        return True

    def _refused(self, error: ClientError) -> None:
        """503 is what a server may say that is about to stop, or that has too much to do."""
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 503:
            self.problems.append(f"{self.name}: {error}")

    @contextmanager
    def _changing(self, place: Place, state: State) -> Iterator[None]:
        """From when the request begins both may be; once it was answered only the new."""
        if self.hasty:
            self.possible[place] = {state}
        else:
            self.possible[place] = self.possible[place] | {state}
        yield
        self.possible[place] = {state}
        self.acknowledged += 1

    def _content(self, least: int = 0) -> bytes:
        low, high = self._chance.choices(SIZES, WEIGHTS)[0]
        return self._chance.randbytes(max(least, self._chance.randint(low, high)))

    def _put(self, client: Any, place: Place) -> None:
        content = self._content()
        with self._changing(place, digest_of(content)):
            answer = client.put_object(Bucket=place[0], Key=place[1], Body=content)
        self._remember(place, answer, digest_of(content))

    def _remember(self, place: Place, answer: dict[str, Any], digest: str) -> None:
        if place[0] == KEPT:
            self.versions[place[1], answer["VersionId"]] = digest

    def _delete(self, client: Any, place: Place) -> None:
        with self._changing(place, None):
            client.delete_object(Bucket=place[0], Key=place[1])

    def _copy(self, client: Any, place: Place) -> None:
        sources = [
            (other, next(iter(states)))
            for other, states in self.possible.items()
            if len(states) == 1 and states != {None} and other != place
        ]
        if not sources or self.hasty:
            self._put(client, place)
            return
        source, digest = self._chance.choice(sources)
        with self._changing(place, digest):
            answer = client.copy_object(
                Bucket=place[0], Key=place[1], CopySource={"Bucket": source[0], "Key": source[1]}
            )
        self._remember(place, answer, str(digest))

    def _upload(self, client: Any, place: Place) -> None:
        target = {"Bucket": place[0], "Key": place[1]}
        id = client.create_multipart_upload(**target)["UploadId"]
        sending = self.uploads[id] = Sending(place)
        for number in range(1, self._chance.randint(2, 3)):
            self._part(client, id, number, self._content(least=PART))
        self._part(client, id, 10, self._content())
        if self._chance.random() < 0.3:  # left as it is
            return
        sending.completing = True
        self.complete(client, id)

    def _part(self, client: Any, id: str, number: int, content: bytes) -> None:
        place = self.uploads[id].place
        answer = client.upload_part(
            Bucket=place[0], Key=place[1], UploadId=id, PartNumber=number, Body=content
        )
        self.uploads[id].parts[number] = (answer["ETag"], content)

    def complete(self, client: Any, id: str) -> None:
        sending = self.uploads[id]
        parts = sorted(sending.parts.items())
        content = b"".join(part for _, (_, part) in parts)
        named = [{"PartNumber": number, "ETag": etag} for number, (etag, _) in parts]
        with self._changing(sending.place, digest_of(content)):
            answer = client.complete_multipart_upload(
                Bucket=sending.place[0],
                Key=sending.place[1],
                UploadId=id,
                MultipartUpload={"Parts": named},
            )
        del self.uploads[id]
        self._remember(sending.place, answer, digest_of(content))


WEIGHED = (55, 15, 15, 15)
