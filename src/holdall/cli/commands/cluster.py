"""`holdall cluster`: name the places that hold buckets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from holdall.cli.clusters import config_path
from holdall.cli.options import Json
from holdall.cli.output import Output
from holdall.cli.running import run_blocking
from holdall.cli.secrets import asked
from holdall.cli.tables import Column
from holdall.client import config
from holdall.client.config import ClusterConfig, Config
from holdall.client.opening import cluster_at
from holdall.core.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Named:
    """What the arguments said."""

    name: str
    where: str


def command(
    action: Annotated[
        str, typer.Argument(metavar="[list|add|use|rm]", show_default=False)
    ] = "list",
    name: Annotated[str, typer.Argument(metavar="[NAME]", show_default=False)] = "",
    where: Annotated[str, typer.Argument(metavar="[WHERE]", show_default=False)] = "",
    access_key: Annotated[
        str | None, typer.Option("--access-key", metavar="ID", help="Its secret is asked for.")
    ] = None,
    secret_command: Annotated[
        list[str] | None,
        typer.Option(
            "--secret-command", metavar="WORD", help="A command that prints it; once for each word."
        ),
    ] = None,
    owner: Annotated[str | None, typer.Option("--owner", metavar="NAME", help="Who asks.")] = None,
    org: Annotated[
        str | None, typer.Option("--org", metavar="ORG", help="Whom new buckets are for.")
    ] = None,
    region: Annotated[str | None, typer.Option("--region", help="The server's.")] = None,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", metavar="URL", help="Instead of a provider's.")
    ] = None,
    credentials_file: Annotated[
        str | None, typer.Option("--credentials-file", metavar="FILE", help="For gs://PROJECT.")
    ] = None,
    json: Json = False,
) -> None:
    """Name the places that hold buckets.

    WHERE is a directory, https://HOST for a Holdall server, or an account at a provider: s3://,
    az://ACCOUNT, gs://PROJECT. URIs name a cluster as in blob://NAME/OWNER/BUCKET/KEY. Commands
    that name neither a cluster nor a store use the current one: the first that was added, until
    use picks another. All are kept in a file that only you may read.

    Exit codes: 0 done; 2 wrong usage; 3 no such cluster.
    """
    wanted = ClusterConfig(
        where=_place(where),
        owner=owner,
        org=org,
        access_key=access_key,
        secret_command=tuple(secret_command or ()),
        region=region,
        endpoint_url=endpoint_url,
        credentials_file=credentials_file,
    )
    run_blocking(lambda output: cluster(output, action, Named(name, where), wanted), json=json)


def cluster(output: Output, action: str, named: Named, wanted: ClusterConfig) -> None:
    known = config.load(config_path())
    if action == "list" and not named.name:
        _list(output, known)
    elif action == "add" and named.name and named.where:
        _keep(output, known.having(named.name, _with_secret(wanted)), named.name, "added")
    elif action == "use" and named.name and not named.where:
        _keep(output, known.using(named.name), named.name, "using")
    elif action == "rm" and named.name and not named.where:
        _keep(output, known.without(named.name), named.name, "forgot")
    else:
        raise InvalidArgument("say list, add NAME WHERE, use NAME, or rm NAME", actual=action)


def _place(where: str) -> str:
    """A directory is meant from here, wherever the command is run next."""
    return str(Path(where).absolute()) if where and "://" not in where else where


def _with_secret(wanted: ClusterConfig) -> ClusterConfig:
    """`InvalidArgument` for what no client could be made of."""
    needs_secret = wanted.access_key is not None or wanted.where.startswith("az://")
    given = needs_secret and not wanted.secret_command
    found = config.with_secret(wanted, asked("secret key", hidden=True)) if given else wanted
    cluster_at(
        wanted.where,
        owner=wanted.owner,
        org=wanted.org,
        access_key=wanted.access_key,
        secret_key=found.secret_key,
        region=wanted.region,
        endpoint_url=wanted.endpoint_url,
        credentials_file=wanted.credentials_file,
    )
    return found


def _keep(output: Output, changed: Config, name: str, verb: str) -> None:
    config.save(config_path(), changed)
    fields = {"name": name, "done": verb, "current": changed.current}
    output.result(fields, f"{verb} {name}")


def _list(output: Output, known: Config) -> None:
    with output.listing(Column("name"), Column("where"), Column("current")) as rows:
        for name, each in known.clusters.items():
            is_current = name == known.current
            fields = {"name": name, "where": each.where, "org": each.org, "current": is_current}
            rows.add(fields, name, each.where, "current" if is_current else "-")
