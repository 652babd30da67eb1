"""What every answer of the server has to be, whatever was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from holdall.s3.errors import CODES, S3Error
from holdall.s3.signing import Credentials
from holdall.server.response import failure

from ..matrix.wire import Answer, Wire, wired

T = TypeVar("T")
FAULTS = {"InternalError", "ServiceUnavailable", "SlowDown", "StorageFull"}
"""Codes that say that the fault was ours, and that no request may bring about."""


class Fuzzed:
    """A server with a bucket `box` of alice's: versions, an upload, public lists."""

    def __init__(self, runner: asyncio.Runner, wire: Wire, alice: Credentials) -> None:
        self._runner = runner
        self.wire = wire
        self.alice = alice

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    def send(self, *args: Any, signed: bool = True, **options: Any) -> Answer:
        """One request and its answer, which is proper."""
        answer = self.run(self.wire.send(self.alice if signed else None, *args, **options))
        self.judge(answer)
        return answer

    def raw(self, *args: Any, **options: Any) -> Answer:
        answer = self.run(self.wire.raw(*args, **options))
        self.judge(answer)
        return answer

    def judge(self, answer: Answer) -> None:
        for code in answer.codes:
            assert code in CODES, answer
            assert code not in FAULTS, answer
        if answer.status >= 400 and answer.body:
            assert answer.code is not None, answer
            assert answer.status == CODES[answer.code].status, answer
        assert answer.status != 500, answer
        self._assert_discreet(answer)
        self._assert_one_line_each(answer)

    def _assert_discreet(self, answer: Answer) -> None:
        told = answer.body + b"\n".join(value for _, value in answer.headers)
        for secret in (self.alice.secret_key, self.wire.root.secret_key, str(self.wire.path)):
            assert secret.encode() not in told
        assert b"Traceback" not in told
        assert b"catalog.db" not in told

    def _assert_one_line_each(self, answer: Answer) -> None:
        for name, value in answer.headers:
            assert not {*name} & {*b"\r\n\0: "}, (name, value)
            assert name == name.lower(), name
            assert not {*value} & {*b"\r\n\0"}, (name, value)


@contextmanager
def fuzzed(path: Path) -> Iterator[Fuzzed]:
    """Ends with a store that is whole."""
    with asyncio.Runner() as runner:
        opening = wired(path)
        wire = runner.run(opening.__aenter__())
        try:
            alice = runner.run(wire.make_user("alice"))
            found = Fuzzed(runner, wire, alice)
            _furnish(found)
            yield found
            runner.run(wire.backend.sweep())
            assert runner.run(wire.backend.check(scrub=True)) == []
        finally:
            runner.run(opening.__aexit__(None, None, None))


def _furnish(found: Fuzzed) -> None:
    public = {"x-amz-acl": "public-read-write"}
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    assert found.send("PUT", "/box", headers=public).status == 200
    assert found.send("PUT", "/box", "versioning", body=enabled).status == 200
    assert found.send("PUT", "/box/private", body=b"private").status == 200
    for content in (b"first", b"second"):
        assert found.send("PUT", "/box/kept", headers=public, body=content).status == 200


def reading(read: Callable[..., object], *given: Any) -> bool:
    """Whether a reader takes it. Otherwise it must say so by an S3 error, and no other, that
    is the sender's fault."""
    try:
        read(*given)
    except S3Error as error:
        refusal = error
    else:
        return True
    assert refusal.code not in FAULTS
    assert CODES[refusal.code].status < 500 or refusal.code == "NotImplemented"
    refusal.message.encode()
    failure(refusal, resource="/", request_id="1", host_id="1")
    return False
