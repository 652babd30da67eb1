"""`holdall serve`: serve a store to S3 clients."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from holdall.cli.options import Json, Store
from holdall.cli.output import Output
from holdall.cli.running import run_blocking
from holdall.client.opening import local_username
from holdall.core.errors import InvalidArgument

if TYPE_CHECKING:
    from holdall.server.first_start import Keys
    from holdall.server.options import ServerOptions
    from holdall.server.storage import Storage

ACCESS_KEY: Final = "AWS_ACCESS_KEY_ID"
SECRET_KEY: Final = "AWS_SECRET_ACCESS_KEY"
PAYLOADS_KEY: Final = "HOLDALL_PAYLOADS_ACCESS_KEY_ID", "HOLDALL_PAYLOADS_SECRET_ACCESS_KEY"


def command(
    directory: Annotated[
        str, typer.Argument(metavar="[DIR]", show_default=False, help="The store's directory.")
    ] = "",
    host: Annotated[str, typer.Option("--host", help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="The port; 0 for any.")] = 9000,
    workers: Annotated[int, typer.Option("--workers", help="How many processes answer.")] = 1,
    certfile: Annotated[
        str | None, typer.Option("--certfile", metavar="FILE", help="A certificate, for HTTPS.")
    ] = None,
    keyfile: Annotated[
        str | None, typer.Option("--keyfile", metavar="FILE", help="The certificate's key.")
    ] = None,
    master_key: Annotated[
        str | None,
        typer.Option(
            "--master-key", metavar="FILE", help="Where the master keys are, if not in the store."
        ),
    ] = None,
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="Where others reach it, if elsewhere."),
    ] = None,
    domain: Annotated[
        list[str] | None,
        typer.Option("--domain", help="BUCKET.DOMAIN names a bucket, too. May be repeated."),
    ] = None,
    region: Annotated[str, typer.Option("--region", help="The region it is in.")] = "us-east-1",
    allow_sigv2: Annotated[
        bool, typer.Option("--allow-sigv2", help="Take the signatures of old clients, too.")
    ] = False,
    allow_private_endpoints: Annotated[
        bool,
        typer.Option(
            "--allow-private-endpoints", help="Buckets may be imported from private addresses."
        ),
    ] = False,
    trusted_proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--trusted-proxy", metavar="ADDRESS", help="Believe its X-Forwarded-For and -Proto."
        ),
    ] = None,
    payloads: Annotated[
        str | None,
        typer.Option(
            "--payloads",
            metavar="URL",
            help="Keep bytes in s3://BUCKET/PREFIX/?endpoint=URL&region=NAME.",
        ),
    ] = None,
    catalog: Annotated[
        str | None,
        typer.Option("--catalog", metavar="DSN", help="Keep names in a PostgreSQL database."),
    ] = None,
    log: Annotated[
        str, typer.Option("--log", help="A line a request: plain, json, or quiet for none.")
    ] = "plain",
    store: Store = "",
    json: Json = False,
) -> None:
    """Serve a store to S3 clients.

    The first start makes the directory and an access key, from AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY if they are set, and keeps it there. With --payloads the bucket's
    key is HOLDALL_PAYLOADS_ACCESS_KEY_ID and HOLDALL_PAYLOADS_SECRET_ACCESS_KEY. Ctrl-C
    stops the server when the requests that it is answering are done.

    Exit codes: 0 stopped; 1 it could not start, or the store failed; 2 wrong usage; 130
    stopped by Ctrl-C.
    """

    def work(output: Output) -> None:
        options = _options(
            directory=_directory(directory or store),
            host=host,
            port=port,
            workers=workers,
            certfile=certfile and Path(certfile),
            keyfile=keyfile and Path(keyfile),
            master_key=master_key and Path(master_key),
            public_url=public_url,
            domains=tuple(name.lower().strip(".") for name in domain or ()),
            region=region,
            allow_sigv2=allow_sigv2,
            allow_private_endpoints=allow_private_endpoints,
            trusted_proxies=tuple(trusted_proxy or ()),
            storage=_storage(payloads, catalog),
            log=log,
        )
        serve(output, options)

    run_blocking(work, json=json)


def _directory(text: str) -> Path:
    if "://" in text:  # as `holdall env` sets it
        raise InvalidArgument(f"{text} is no directory; say which: 'holdall serve DIR'")
    return Path(text)


def _options(**given: object) -> ServerOptions:
    from holdall.server.options import ServerOptions

    if given["log"] not in ("plain", "json", "quiet"):
        raise InvalidArgument("--log is plain, json or quiet", actual=given["log"])
    return ServerOptions(**given)  # type: ignore[arg-type]


def _storage(payloads: str | None, catalog: str | None) -> Storage:
    from holdall.s3.signing import Credentials
    from holdall.server.storage import Storage

    access_key, secret_key = (os.environ.get(name) for name in PAYLOADS_KEY)
    credentials = Credentials(access_key, secret_key) if access_key and secret_key else None
    return Storage(payloads, credentials, catalog)


def serve(output: Output, options: ServerOptions) -> None:
    """Say how the server is used, and run it until it is told to stop."""
    from holdall.server import (  # several times slower to import than all other commands
        first_start,
        serving,
    )
    from holdall.server.opening import announce, initialise

    keys = asyncio.run(initialise(options, user=local_username(), given=_given_key()))
    for name in first_start.exposed(options.directory):
        output.note(f"others on this machine can read {options.directory / name}: chmod 600 it")
    listener = serving.bind(options)
    endpoint = options.endpoint(listener.getsockname()[1])
    announce(options, endpoint)
    fields = {"endpoint": endpoint, "region": options.region, "access_key": keys.root.access_key}
    output.result(fields, *_lines(options, endpoint, keys))
    output.flush()
    serving.run(options, listener)


def _given_key() -> tuple[str, str] | None:
    access_key, secret_key = os.environ.get(ACCESS_KEY), os.environ.get(SECRET_KEY)
    if bool(access_key) != bool(secret_key):
        raise InvalidArgument(f"{ACCESS_KEY} and {SECRET_KEY} are set together, or neither is")
    return (access_key, secret_key) if access_key and secret_key else None


def _lines(options: ServerOptions, endpoint: str, keys: Keys) -> Iterator[str]:
    """What a person needs to begin. The secret is shown once, when it was made up."""
    directory = options.directory
    yield f"S3 endpoint  {endpoint}  (region {options.region})"
    yield f"API          {endpoint}/api/docs"
    yield f"access key   {keys.root.access_key}"
    yield f"secret key   {keys.root.secret_key if keys.is_new else _where(directory)}"
    yield f'aws tool     eval "$(holdall env {directory})"; aws s3 ls'
    yield f'boto3        boto3.client("s3", endpoint_url="{endpoint}")  # the key from holdall env'


def _where(directory: Path) -> str:
    return f"as before; holdall env {directory} prints it"
