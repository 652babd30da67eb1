"""Errors of connections in words of ours, with host and port, and never the transport's own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest

from holdall.core.errors import StoreError
from holdall.s3.client import Patience, Retries, S3Client
from holdall.s3.client.causes import unreached

ONCE = Retries(1)


def of_aiohttp(text: str) -> bool:
    """Whether it is a text such as only aiohttp makes."""
    return any(word in text for word in ("ssl:", "Cannot connect", "Errno", "Connect call", "'"))


async def said(url: str, *, patience: Patience | None = None) -> str:
    """What a request tells that cannot be made, or is not answered."""
    async with S3Client(url, None, retries=ONCE, patience=patience or Patience()) as client:
        with pytest.raises(StoreError) as caught:
            await client.request("GET", "bucket", "key")
    assert not of_aiohttp(caught.value.message)
    return caught.value.message


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that answers every request with these bytes, and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield "127.0.0.1:{1}".format(*server.sockets[0].getsockname())


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1]:1", "localhost:1"])
async def test_nobody_listens(host: str) -> None:
    text = await said(f"http://{host}")
    assert text.startswith(f"The server {host} cannot be reached: ")


async def test_a_refusal_is_called_one() -> None:
    text = await said("http://127.0.0.1:1")
    assert text == "The server 127.0.0.1:1 cannot be reached: connection refused."


async def test_a_name_that_nobody_has() -> None:
    text = await said("http://nobody.invalid")
    assert text.startswith("The server nobody.invalid:80 cannot be reached: its name cannot be")


async def test_a_server_that_does_not_encrypt() -> None:
    async with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as host:
        text = await said(f"https://{host}")
    assert text.startswith(f"The server {host} cannot be reached: no encryption could be agreed on")


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"", "the server closed it"),
        (b"rubbish\r\n\r\n", "the answer is no HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nab", "the answer ended early"),
    ],
)
async def test_a_connection_that_breaks(answer: bytes, cause: str) -> None:
    async with answering(answer) as host:
        assert await said(f"http://{host}") == f"The connection broke: {cause}."


def verification() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] …")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        (verification, "self-signed certificate"),
        (lambda: ssl.CertificateError("hostname 'a' doesn't match"), "it is for another host"),
    ],
)
def test_a_certificate_that_is_not_trusted(
    found: Callable[[], ssl.CertificateError], complaint: str
) -> None:
    key = aiohttp.client_reqrep.ConnectionKey("host", 443, True, True, None, None, None)
    text = unreached(aiohttp.ClientConnectorCertificateError(key, found()))
    trust = f"its certificate is not trusted, {complaint}"
    assert text == f"the server host:443 cannot be reached: {trust}"


def test_a_server_that_says_nothing_at_all() -> None:
    text = unreached(aiohttp.ConnectionTimeoutError("Connection timeout to host http://h/?secret"))
    assert text == "the server cannot be reached: it does not answer"
