"""s3fs-fuse (Debian): a bucket as a folder."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from .needs import LARGE, SMALL, client_of, environment, gather, held, lay, program


@pytest.fixture
def mounted(server, name, tmp_path):
    if not os.path.exists("/dev/fuse"):
        pytest.skip("this machine has no /dev/fuse")
    command = program("s3fs")
    client_of(server).create_bucket(Bucket=name)
    folder = tmp_path / "mounted"
    folder.mkdir()
    options = f"url={server.endpoint},use_path_request_style,endpoint=us-east-1"
    mounting = subprocess.run(
        [command, name, str(folder), "-o", options],
        env=environment(
            server.alice,
            tmp_path,
            AWSACCESSKEYID=server.alice.access_key,
            AWSSECRETACCESSKEY=server.alice.secret_key,
        ),
        capture_output=True,
        timeout=30,
        check=False,
    )
    if not os.path.ismount(folder):
        complaint = (mounting.stderr or mounting.stdout).decode(errors="replace").strip()
        if "fuse" in complaint:
            pytest.skip(f"this machine does not let us mount: {complaint}")
        pytest.fail(f"s3fs did not mount: {mounting}")
    yield folder
    _unmount(folder)


def _unmount(folder):
    for _ in range(50):
        subprocess.run(["umount", str(folder)], capture_output=True, check=False)
        if not os.path.ismount(folder):
            return
        time.sleep(0.1)  # it is busy with what was written last
    pytest.fail("the folder is still mounted")


def test_a_tree(mounted, server, name):
    contents = SMALL | {"large": LARGE}
    lay(mounted, contents)
    assert gather(mounted) == contents
    found = {key: value for key, value in held(server, name).items() if not key.endswith("/")}
    assert found == contents


def test_changes(mounted):
    path = mounted / "a b.txt"
    path.write_bytes(b"begin")
    with path.open("ab") as file:
        file.write(b" and end")
    assert path.read_bytes() == b"begin and end"
    path.rename(mounted / "moved")
    os.utime(mounted / "moved", (1, 1))
    os.chmod(mounted / "moved", 0o600)
    status = (mounted / "moved").stat()
    assert (status.st_mtime, status.st_mode & 0o777) == (1, 0o600)
    (mounted / "moved").unlink()
    assert list(mounted.iterdir()) == []


def test_a_large_file_is_changed_in_the_middle(mounted):
    path = mounted / "large"
    path.write_bytes(LARGE)
    with path.open("r+b") as file:
        file.seek(11_000_000)
        file.write(b"changed")
    expected = LARGE[:11_000_000] + b"changed" + LARGE[11_000_007:]
    assert path.read_bytes() == expected
