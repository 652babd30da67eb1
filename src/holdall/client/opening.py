"""The composition root: from a place as people write it to a cluster with the right backend.

Drivers are imported when they are needed: each has requirements of its own, and none should
slow down whoever uses another.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, Unpack
from urllib.parse import urlsplit

from yarl import URL

from holdall.client import config
from holdall.client.clusters import Cluster, Clusters
from holdall.client.config import ClusterConfig, Config
from holdall.client.connection import Connection, Opened, Opener
from holdall.client.local import local_path
from holdall.client.values.bucket import Bucket
from holdall.core.errors import InvalidArgument, NotSupported

if TYPE_CHECKING:
    from holdall.s3.signing import Credentials

Where = str | os.PathLike[str] | URL

LOCAL: Final = "local"
"""What the cluster is called that no configuration names."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # two letters or more: `C:` is a drive


_HOST_AND_PORT = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}")


class Options(TypedDict, total=False):
    """How to reach a place. Which of these make sense depends on it; see `holdall.connect`."""

    owner: str | None
    org: str | None
    create: bool
    fsync: bool
    access_key: str | None
    secret_key: str | None
    session_token: str | None
    sas_token: str | None
    region: str | None
    endpoint_url: str | None
    provider: str | None
    credentials_file: str | None


_KEYS: Final = frozenset({"owner", "access_key", "secret_key", "session_token", "region"})
_SERVER: Final = _KEYS | {"org"}
_TAKEN: Final = {
    "file": frozenset({"owner", "create", "fsync"}),
    "http": _SERVER,
    "https": _SERVER,
    "s3": _KEYS | {"endpoint_url", "provider"},
    "az": frozenset({"owner", "secret_key", "sas_token", "endpoint_url"}),
    "gs": frozenset({"owner", "credentials_file", "endpoint_url"}),
}
"""The options that each kind of place takes."""


def cluster_at(where: Where | None, name: str = LOCAL, **options: Unpack[Options]) -> Cluster:
    """A place as a cluster of that name; nothing is opened yet.

    `InvalidArgument` for no place and for an option that it does not take, `NotSupported` for
    one that no backend reaches.
    """
    scheme = _scheme(where)
    given: Options = {**options}
    for option, value in list(given.items()):
        if value is None:
            del given[option]  # type: ignore[misc]
        elif option not in _TAKEN[scheme]:
            raise InvalidArgument(f"{where}: there {option!r} means nothing", actual=option)
    opener, username = _OPENING[scheme](where, given)
    return Cluster(name, Connection(opener), username, given.get("org"))


def clusters_of(found: Config) -> Clusters:
    """All that are configured. `InvalidArgument` without a current one."""
    if found.current is None:
        raise InvalidArgument("no cluster is chosen: 'holdall cluster add NAME WHERE'")
    return Clusters(configured(found), found.current)


def configured(found: Config) -> Iterator[Cluster]:
    """Each cluster of a configuration; what one of them lacks is said when it is used."""
    for name, cluster in found.clusters.items():
        connection = Connection(partial(_open_configured, cluster))
        yield Cluster(name, connection, _username(cluster), cluster.org)


async def _open_configured(cluster: ClusterConfig) -> Opened:
    secret = await asyncio.to_thread(cluster.secret)
    options: Options = {
        "owner": cluster.owner,
        "org": cluster.org,
        "access_key": cluster.access_key,
        "secret_key": secret,
        "session_token": cluster.session_token,
        "sas_token": cluster.sas_token,
        "region": cluster.region,
        "endpoint_url": cluster.endpoint_url,
        "provider": cluster.provider,
        "credentials_file": cluster.credentials_file,
    }
    return await cluster_at(_place(cluster), **options).connection.opened()


def _place(cluster: ClusterConfig) -> str:
    return os.path.expanduser(cluster.where)


def _username(cluster: ClusterConfig) -> str:
    return cluster.owner or cluster.access_key or local_username()


def local_username() -> str:
    """The name of the user whose process this is, or the user's number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


# a directory


def _directory(where: Where | None, options: Options) -> tuple[Opener, str]:
    assert where is not None, "it has a scheme"
    username = options.get("owner") or local_username()
    create, fsync = options.get("create", True), options.get("fsync", True)
    return partial(open_backend, local_path(where), username, create, fsync), username


async def open_backend(path: Path, owner: str, create: bool, fsync: bool) -> Opened:
    """Open the store in a directory."""
    from holdall.backends.engine import EngineBackend

    backend = await EngineBackend.at(path, owner=owner, create=create, fsync=fsync)
    return Opened(backend, backend, watcher=backend)


# a Holdall server


def _server(where: Where | None, options: Options) -> tuple[Opener, str]:
    url = str(where).rstrip("/")
    if urlsplit(url).path or urlsplit(url).query or not urlsplit(url).hostname:
        raise InvalidArgument(f"{where}: a server is https://HOST, or https://HOST:PORT")
    username = options.get("owner") or options.get("access_key") or _remembered(url).access_key
    return partial(_open_server, url, options), username or local_username()


async def _open_server(url: str, options: Options) -> Opened:
    with _needing("holdall[s3]"):
        from holdall.backends.remote import RemoteBackend
        from holdall.backends.remote.accounts import RemoteAccounts
        from holdall.backends.remote.control import Access
    credentials, region = _credentials(options), options.get("region")
    if credentials is None:
        known = _remembered(url)
        credentials = await asyncio.to_thread(_credentials_in, known)
        region = region or known.region
    if credentials is None:
        raise InvalidArgument(f"no key for {url}: give access_key and secret_key")
    backend = RemoteBackend(Access(url, credentials, region or "us-east-1"))
    return Opened(backend, accounts=RemoteAccounts(backend), watcher=backend)


def _remembered(url: str) -> ClusterConfig:
    """What `holdall login` wrote down of a server."""
    found = config.load(config.default_path()).clusters.values()
    return next((each for each in found if each.where.rstrip("/") == url), ClusterConfig(url))


# accounts at providers


def _s3(where: Where | None, options: Options) -> tuple[Opener, str]:
    _refuse_path(where, "s3://")
    if options.get("provider") not in (None, "aws", "minio"):
        raise InvalidArgument("a provider is aws or minio", actual=options["provider"])
    return partial(_open_s3, options), options.get("owner") or "s3"


async def _open_s3(options: Options) -> Opened:
    with _needing("holdall[s3]"):
        from holdall.backends.s3 import S3Backend
        from holdall.s3.client import S3Client
    credentials = _credentials(options) or await asyncio.to_thread(_credentials_of_aws)
    region, endpoint = options.get("region") or "us-east-1", options.get("endpoint_url")
    client = S3Client(
        endpoint or f"https://s3.{region}.amazonaws.com",
        credentials,
        region=region,
        path_style=endpoint is not None,
    )
    kept_by = Bucket.Provider.AWS if endpoint is None else Bucket.Provider.MINIO
    owner, provider = options.get("owner") or "s3", options.get("provider")
    return Opened(S3Backend(client, owner=owner, provider=provider), provider=kept_by)


def _credentials_of_aws() -> Credentials:
    """By botocore's own chain, where it is installed: it alone reads the environment here."""
    from holdall.s3.signing import Credentials

    with _needing("botocore, or access_key and secret_key"):
        from botocore.session import Session  # type: ignore[import-untyped]
    found = Session().get_credentials()
    if found is None:
        raise InvalidArgument("no key for S3: give access_key and secret_key")
    frozen = found.get_frozen_credentials()
    return Credentials(frozen.access_key, frozen.secret_key, frozen.token)


def _azure(where: Where | None, options: Options) -> tuple[Opener, str]:
    account = _refuse_path(where, "az://ACCOUNT")
    return partial(_open_azure, account, options), options.get("owner") or account


async def _open_azure(account: str, options: Options) -> Opened:
    with _needing("holdall[azure]"):
        from holdall.backends.azure import AzureBackend
        from holdall.payloads.azure.account import Account
        from holdall.payloads.azure.client import AzureClient
    url = options.get("endpoint_url") or f"https://{account}.blob.core.windows.net"
    key, sas = options.get("secret_key"), options.get("sas_token")
    client = AzureClient(Account(url.rstrip("/"), account, key=key, sas=sas))
    backend = AzureBackend(client, owner=options.get("owner") or account)
    return Opened(backend, provider=Bucket.Provider.AZURE)


def _google(where: Where | None, options: Options) -> tuple[Opener, str]:
    project = _refuse_path(where, "gs://PROJECT")
    return partial(_open_google, project, options), options.get("owner") or project


async def _open_google(project: str, options: Options) -> Opened:
    with _needing("holdall[gcs]"):
        from holdall.backends.gcs import GcsBackend
        from holdall.payloads.gcs.client import ENDPOINT, GcsClient
        from holdall.payloads.gcs.key_files import credentials_in
    file = options.get("credentials_file")
    credentials = None if file is None else await asyncio.to_thread(credentials_in, Path(file))
    endpoint = options.get("endpoint_url") or ENDPOINT
    client = GcsClient(credentials, project, endpoint=endpoint)
    backend = GcsBackend(client, owner=options.get("owner") or project)
    return Opened(backend, provider=Bucket.Provider.GCP)


_OPENING: Final = {
    "file": _directory,
    "http": _server,
    "https": _server,
    "s3": _s3,
    "az": _azure,
    "gs": _google,
}


def _scheme(where: Where | None) -> str:
    if where is None or where == "":
        raise InvalidArgument("say where the store is: connect('path/to/a/directory')")
    if isinstance(where, str) and _HOST_AND_PORT.fullmatch(where) and not os.path.exists(where):
        raise InvalidArgument(f"{where}: a server is http://{where}, a directory ./{where}")
    found = _SCHEME.match(str(where))
    scheme = found[1].lower() if found and not isinstance(where, os.PathLike) else "file"
    if scheme in _OPENING:
        return scheme
    if scheme == "mongodb":
        raise NotSupported(f"{where}: the GridFS backend comes in a later release", actual=scheme)
    if str(where).startswith(f"{scheme}://"):
        raise InvalidArgument(f"{where}: no store is reached by {scheme}://", actual=scheme)
    return "file"


def _refuse_path(where: Where | None, form: str) -> str:
    """The name of the account. `InvalidArgument` for a place that says more."""
    _, _, rest = str(where).partition("://")
    account = rest.removesuffix("/")
    if "/" in account or bool(account) != (not form.endswith("://")):
        raise InvalidArgument(f"{where}: an account is {form}", actual=str(where))
    return account


def _credentials(options: Options) -> Credentials | None:
    """Those given; None for none. `InvalidArgument` for half of them."""
    from holdall.s3.signing import Credentials

    key, secret = options.get("access_key"), options.get("secret_key")
    if key is None and secret is None:
        return None
    if key is None or secret is None:
        raise InvalidArgument("access_key and secret_key are given together")
    return Credentials(key, secret, options.get("session_token"))


def _credentials_in(known: ClusterConfig) -> Credentials | None:
    return _credentials(
        {
            "access_key": known.access_key,
            "secret_key": known.secret(),
            "session_token": known.session_token,
        }
    )


@contextmanager
def _needing(what: str) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise NotSupported(f"this needs {what}: {error}") from error
