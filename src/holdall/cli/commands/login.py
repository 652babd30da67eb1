"""`holdall login`: remember a server and an access key."""

from __future__ import annotations

import os
from typing import Annotated
from urllib.parse import urlsplit

import typer

from holdall.cli import profiles
from holdall.cli.clusters import config_path
from holdall.cli.options import Json
from holdall.cli.output import Output
from holdall.cli.remote import reached
from holdall.cli.running import run_without_store
from holdall.cli.secrets import asked
from holdall.client import config
from holdall.core.errors import InvalidArgument


def command(
    url: Annotated[str, typer.Argument(metavar="URL", show_default=False)],
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", metavar="NAME", help="The name to remember it by. [default: default]"
        ),
    ] = None,
    access_key: Annotated[
        str, typer.Option("--access-key", metavar="ID", help="Else it is asked for.")
    ] = "",
    region: Annotated[str, typer.Option("--region", help="The server's region.")] = "us-east-1",
    json: Json = False,
) -> None:
    """Remember a server and an access key.

    The key is AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY where they are set; else both
    are asked for, or read from standard input, a line each. The server is asked whether
    they are right before they are kept, in a file that only you may read. It is then a cluster
    of that name, and the current one if it is the first: see 'holdall cluster'.

    Exit codes: 0 remembered; 1 the server refused them or cannot be reached; 2 wrong usage.
    """

    async def work(output: Output) -> None:
        if profile is None:
            _check_is_free(url)
        await login(output, _profile(url, access_key, region), profile or profiles.DEFAULT)

    run_without_store(work, json=json)


async def login(output: Output, profile: profiles.Profile, name: str) -> None:
    async with reached(profile) as remote:
        me = await remote.get("/me")
    file = profiles.save(name, profile, owner=me["user"])
    current = config.load(file).current
    fields = {
        "profile": name,
        "endpoint": profile.endpoint,
        "access_key": profile.access_key,
        "current": current,
    }
    use = "" if current == name else f"; 'holdall cluster use {name}' chooses this one"
    lines = f"{profile.endpoint} is {name!r} in {file}", f"the current cluster is {current!r}{use}"
    output.result(fields, *lines)


def _check_is_free(url: str) -> None:
    """Another server's key is not lost because this one was given no name. `InvalidArgument`."""
    known = config.load(config_path()).clusters.get(profiles.DEFAULT)
    if known is not None and known.where.rstrip("/") != url.rstrip("/"):
        text = f"{profiles.DEFAULT!r} is {known.where} already: name {url} with --profile NAME"
        raise InvalidArgument(text)


def _profile(url: str, access_key: str, region: str) -> profiles.Profile:
    if not _is_address(url):
        raise InvalidArgument(f"{url!r} is no address such as https://files.example.com")
    key, secret, token = _key(access_key)
    return profiles.Profile(url.rstrip("/"), region, key, secret, token)


def _is_address(url: str) -> bool:
    try:
        found = urlsplit(url)
    except ValueError:  # an IPv6 address that is none
        return False
    return found.scheme in ("http", "https") and bool(found.hostname) and found.path in ("", "/")


def _key(access_key: str) -> tuple[str, str, str | None]:
    names = profiles.ACCESS_KEY, profiles.SECRET_KEY
    known, secret = (os.environ.get(name) for name in names)
    if known and secret and access_key in ("", known):
        return known, secret, os.environ.get(profiles.TOKEN) or None
    key = access_key or asked("access key")
    return key, asked("secret key", hidden=True), None
