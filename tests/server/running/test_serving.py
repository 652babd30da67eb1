"""`holdall serve` as a process of its own: starting, serving, stopping."""

from __future__ import annotations

import datetime as dates
import http.client
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from holdall.cli.profiles import Profile, of_store
from tests.server.whole import s3

MANY = 8 * 1024 * 1024


class Served:
    def __init__(self, process: subprocess.Popen[str], directory: Path, log: Path) -> None:
        self.process = process
        self.directory = directory
        self._log = log

    @property
    def profile(self) -> Profile:
        found = of_store(self.directory)
        assert found is not None
        return found

    @property
    def log(self) -> str:
        return self._log.read_text()

    def stop(self, with_signal: int = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(40)


@contextmanager
def served(tmp_path: Path, *options: str, **environment: str) -> Iterator[Served]:
    directory, log = tmp_path / "store", tmp_path / "log"
    command = [sys.executable, "-m", "holdall.cli", "serve", str(directory), "--port", "0"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, *options],
            env={**clean, **environment},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first, log.read_text()
        found = Served(process, directory, log)
        wait_for(found)
        yield found
    finally:
        process.kill()
        process.wait(10)
        assert process.stdout is not None
        process.stdout.close()


def wait_for(found: Served) -> None:
    context = ssl._create_unverified_context()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert found.process.poll() is None, found.log
        try:
            url = f"{found.profile.endpoint}/healthz"
            with urllib.request.urlopen(url, timeout=10, context=context):
                return
        except (OSError, AssertionError):
            time.sleep(0.05)
    raise AssertionError(found.log)


def test_the_first_start_asks_nothing(tmp_path: Path) -> None:
    with served(tmp_path) as found:
        client = s3(found.profile)
        client.create_bucket(Bucket="box")
        client.put_object(Bucket="box", Key="k", Body=b"kept")
        assert found.stop() in (0, -signal.SIGTERM)
    log = found.log
    assert "PutObject 200 PUT bucket=box" in log
    assert found.profile.secret_key not in log
    with served(tmp_path) as again:
        assert s3(again.profile).get_object(Bucket="box", Key="k")["Body"].read() == b"kept"
        assert again.profile.secret_key == found.profile.secret_key


def test_the_key_of_the_environment(tmp_path: Path) -> None:
    with served(
        tmp_path, AWS_ACCESS_KEY_ID="AKIDGIVEN", AWS_SECRET_ACCESS_KEY="given secret"
    ) as found:
        assert found.profile.access_key == "AKIDGIVEN"
        s3(found.profile).list_buckets()


def test_requests_in_flight_are_ended(tmp_path: Path) -> None:
    with served(tmp_path) as found:
        client = s3(found.profile)
        client.create_bucket(Bucket="box", ACL="public-read-write")
        place = found.profile.endpoint.removeprefix("http://")
        connection = http.client.HTTPConnection(place, timeout=30)
        connection.putrequest("PUT", "/box/slow")
        connection.putheader("content-length", str(MANY))
        connection.endheaders()
        connection.send(bytes(MANY // 2))
        time.sleep(0.3)
        found.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(tuple(place.split(":")), timeout=2)  # type: ignore[arg-type]
        connection.send(bytes(MANY // 2))
        assert connection.getresponse().read() is not None
        connection.close()
        assert found.process.wait(30) in (0, -signal.SIGTERM)
    with served(tmp_path) as again:
        assert s3(again.profile).head_object(Bucket="box", Key="slow")["ContentLength"] == MANY


def test_who_follows_events_does_not_hold_it(tmp_path: Path) -> None:
    with served(tmp_path) as found:
        command = [sys.executable, "-m", "holdall.cli", "events", "--store", str(found.directory)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as listener:
            deadline = time.monotonic() + 20
            while "stream_events" not in metrics(found) and time.monotonic() < deadline:
                time.sleep(0.1)
                if "holdall_requests_in_flight 2.0" in metrics(found):
                    break
            began = time.monotonic()
            found.stop()
            assert time.monotonic() - began < 15
            assert listener.wait(20) == 1


def metrics(found: Served) -> str:
    with urllib.request.urlopen(f"{found.profile.endpoint}/metrics", timeout=10) as answer:
        return str(answer.read().decode())


def test_several_processes_on_one_directory(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as found:
        s3(found.profile).create_bucket(Bucket="box")

        def work(number: int) -> None:
            client = s3(found.profile)
            for step in range(10):
                key = f"{number}-{step}"
                client.put_object(Bucket="box", Key=key, Body=key.encode())
                assert client.get_object(Bucket="box", Key=key)["Body"].read() == key.encode()

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(work, range(6)))
        listed = s3(found.profile).list_objects_v2(Bucket="box")
        assert listed["KeyCount"] == 60
        assert 'holdall_requests_total{operation="PutObject",status="200"} 60.0' in metrics(found)
        assert found.stop() in (0, -signal.SIGTERM)


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as found:
        first, second = await_workers(found)
        os.kill(first, signal.SIGKILL)
        client = s3(found.profile)
        client.create_bucket(Bucket="box")
        for number in range(30):
            client.put_object(Bucket="box", Key=str(number), Body=b"x")
        replaced = await_workers(found, without=first)
        assert second in replaced
        assert found.process.poll() is None


@pytest.mark.slow
def test_a_worker_that_begins_slowly_is_waited_for(tmp_path: Path) -> None:
    """As on a busy machine: Uvicorn would take it for dead after five seconds."""
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        "import pathlib, sys, time\n"
        "if 'spawn_main' in ' '.join(sys.orig_argv):\n"
        f"    with pathlib.Path({str(tmp_path)!r}, 'begun').open('a') as file:\n"
        "        file.write('.')\n"
        "    time.sleep(7)\n"
    )
    with served(tmp_path, "--workers", "2", PYTHONPATH=str(hook)) as found:
        await_workers(found)
    assert (tmp_path / "begun").read_text() == ".."


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with served(tmp_path, "--workers", "2") as found:
        workers = await_workers(found)
        found.process.kill()
        deadline = time.monotonic() + 30
        while any(is_alive(each) for each in workers):
            assert time.monotonic() < deadline, found.log
            time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether it runs: whoever adopted it may not have asked yet how it ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def await_workers(found: Served, without: int | None = None) -> list[int]:
    """Two that are there; the one that died does not count while nobody has buried it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        workers = workers_of(found.process.pid)
        if len(workers) == 2 and without not in workers:
            return workers
        time.sleep(0.05)
    raise AssertionError(found.log)


def workers_of(parent: int) -> list[int]:
    """A process that is gone, or not buried yet, has no command line."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [child for child in map(int, text.split()) if b"spawn_main" in _command_of(child)]


def _command_of(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_an_embedded_client_at_work_beside_it(tmp_path: Path) -> None:
    with served(tmp_path) as found:
        s3(found.profile).create_bucket(Bucket="box")
        program = (
            "import asyncio, holdall\n"
            "async def main():\n"
            f"    async with holdall.connect({str(found.directory)!r}) as client:\n"
            "        for number in range(50):\n"
            "            await client.buckets.put_blob('box', f'own-{number}', b'x')\n"
            "asyncio.run(main())\n"
        )
        embedded = subprocess.Popen([sys.executable, "-c", program])
        client = s3(found.profile)
        for number in range(50):
            client.put_object(Bucket="box", Key=f"served-{number}", Body=b"y")
        assert embedded.wait(60) == 0
        assert client.list_objects_v2(Bucket="box")["KeyCount"] == 100


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "holdall.cli", "serve", str(tmp_path / "s")]
        done = subprocess.run(
            [*command, "--port", port], capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_json_lines(tmp_path: Path) -> None:
    with served(tmp_path, "--log", "json") as found:
        s3(found.profile).list_buckets()
        found.stop()
    lines = [json.loads(line) for line in found.log.splitlines()]
    assert "ListBuckets" in [line.get("operation") for line in lines]


def test_https(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with served(tmp_path, "--certfile", str(certificate), "--keyfile", str(key)) as found:
        assert found.profile.endpoint.startswith("https://")
        context = ssl.create_default_context(cafile=str(certificate))
        url = f"{found.profile.endpoint}/healthz"
        with urllib.request.urlopen(url, context=context, timeout=10) as answer:
            assert answer.status == 200


def self_signed(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dates.datetime.now(dates.UTC)
    names: list[Any] = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dates.timedelta(hours=1))
        .not_valid_after(now + dates.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    places = folder / "cert.pem", folder / "key.pem"
    places[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    places[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return places


def test_secrets_are_nowhere_in_the_log(tmp_path: Path) -> None:
    with served(tmp_path, "--log", "json") as found:
        client = s3(found.profile)
        client.create_bucket(Bucket="box")
        url = client.generate_presigned_url("get_object", {"Bucket": "box", "Key": "k"})
        for address in (url, url + "0"):
            try:
                urllib.request.urlopen(address, timeout=10).close()
            except urllib.error.HTTPError as error:
                error.close()
        found.stop()
    log = found.log
    assert found.profile.secret_key not in log
    assert "Signature" not in log
    assert url.rpartition("=")[2] not in log
    assert found.profile.access_key in log
