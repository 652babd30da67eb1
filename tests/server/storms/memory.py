"""What `holdall serve` takes of memory while clients send and read what is large, or dawdle."""

from __future__ import annotations

import http.client
import os
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .served import Served

MIB = 1024 * 1024
BUCKET = "memory"
BLOCK = os.urandom(MIB)
LOOKS = 0.02
"""Seconds between two looks at what the server holds."""


def held(pid: int) -> int:
    """Bytes of memory of its own that a process holds; files that it maps do not count."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the kernel does not tell")


class Watch:
    """Looks at a process again and again: `most` is how much more it held than at first."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = held(pid)
        self.most = 0

    @contextmanager
    def looking(self) -> Iterator[None]:
        over = threading.Event()
        thread = threading.Thread(target=self._look, args=(over,))
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _look(self, over: threading.Event) -> None:
        while not over.wait(LOOKS):
            self.most = max(self.most, held(self._pid) - self._before)


def upload(served: Served, key: str, size: int, part: int, at_once: int = 4) -> int:
    """Send an object in parts, several at once; the most that the server held for it."""
    client = served.client()
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):
        client.create_bucket(Bucket=BUCKET)
    id = client.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    watch = Watch(served.pid)

    def send(number: int) -> dict[str, Any]:
        url = client.generate_presigned_url(
            "upload_part", {"Bucket": BUCKET, "Key": key, "UploadId": id, "PartNumber": number}
        )
        return {"PartNumber": number, "ETag": _put(url, part)}

    with watch.looking(), ThreadPoolExecutor(at_once) as pool:
        parts = list(pool.map(send, range(1, size // part + 1)))
    client.complete_multipart_upload(
        Bucket=BUCKET, Key=key, UploadId=id, MultipartUpload={"Parts": parts}
    )
    return watch.most


def _put(url: str, size: int) -> str:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=120)
    with closing(connection):
        blocks = (BLOCK for _ in range(size // MIB))
        connection.request(
            "PUT", f"{address.path}?{address.query}", blocks, {"content-length": str(size)}
        )
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        return str(answer.headers["etag"])


def download(served: Served, key: str) -> int:
    """Read an object as fast as can be; the most that the server held for it."""
    watch = Watch(served.pid)
    with watch.looking():
        body = served.client().get_object(Bucket=BUCKET, Key=key)["Body"]
        for _ in body.iter_chunks(MIB):
            pass
    return watch.most


def stalled(served: Served, key: str, readers: int, seconds: float) -> int:
    """So many ask for an object and then take nothing; the most that the server held."""
    watch = Watch(served.pid)
    with watch.looking():
        some = [_ask(served, key) for _ in range(readers)]
        time.sleep(seconds)
        for connection in some:
            connection.close()
    return watch.most


def slow(served: Served, key: str, readers: int, seconds: float, rate: int = 512 * 1024) -> int:
    """So many read an object at `rate` bytes a second; the most that the server held."""
    watch, selector = Watch(served.pid), selectors.DefaultSelector()
    with watch.looking():
        for _ in range(readers):
            selector.register(_ask(served, key), selectors.EVENT_READ)
        _trickle(selector, time.monotonic() + seconds, rate)
    for entry in list(selector.get_map().values()):
        entry.fileobj.close()  # type: ignore[union-attr]
    selector.close()
    return watch.most


def _trickle(selector: selectors.BaseSelector, until: float, rate: int, tick: float = 0.2) -> None:
    while time.monotonic() < until:
        for entry, _ in selector.select(tick):
            with suppress(BlockingIOError):
                entry.fileobj.recv(int(rate * tick))  # type: ignore[union-attr]
        time.sleep(tick)


def _ask(served: Served, key: str) -> socket.socket:
    """A connection on which an object begins to come, with a small buffer of its own."""
    url = served.client().generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": key})
    address = urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    connection.connect((address.hostname or "", address.port or 80))
    request = f"GET {address.path}?{address.query} HTTP/1.1\r\nhost: {address.netloc}\r\n\r\n"
    connection.sendall(request.encode())
    assert connection.recv(15).startswith(b"HTTP/1.1 200"), "the object did not begin to come"
    return connection


def dripping(served: Served, patience: float) -> float | None:
    """Send a body of a byte a second; after how many seconds the server hung up, if it did."""
    url = served.client().generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "drip"})
    address = urlsplit(url)
    began = time.monotonic()
    with socket.create_connection((address.hostname or "", address.port or 80)) as connection:
        head = f"PUT {address.path}?{address.query} HTTP/1.1\r\nhost: {address.netloc}\r\n"
        connection.sendall(f"{head}content-length: {MIB}\r\n\r\n".encode())
        connection.settimeout(1)
        while time.monotonic() - began < patience:
            if _hears_of_the_end(connection):
                return time.monotonic() - began
    return None


def _hears_of_the_end(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
        connection.recv(4096)
    except TimeoutError:
        return False
    except OSError:
        return True
    return True
