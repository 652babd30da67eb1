"""Completion of what arguments name. The client is imported only when a store is asked."""

from __future__ import annotations

import os
from typing import Final

import typer

from holdall.cli.options import DEFAULT_STORE, STORE_VARIABLE

_SCHEME: Final = "blob:"


def uris(ctx: typer.Context, incomplete: str) -> list[str]:
    """Buckets, and keys up to the next slash."""
    if incomplete.startswith(_SCHEME):
        return _found(ctx, incomplete)
    return [_SCHEME] if _SCHEME.startswith(incomplete) else []


def places(ctx: typer.Context, incomplete: str) -> list[str]:
    """The same, beside local paths; those alone are left to the shell."""
    found = uris(ctx, incomplete) if incomplete else []
    return found + _local(incomplete) if found == [_SCHEME] else found


def buckets(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names of buckets, or URIs where one is begun."""
    if incomplete.startswith(_SCHEME):
        return _found(ctx, incomplete)
    names = (uri.removeprefix(_SCHEME) for uri in _found(ctx, f"{_SCHEME}{incomplete}"))
    return [name.removesuffix("/") for name in names]


def _local(incomplete: str) -> list[str]:
    return sorted(name for name in os.listdir() if name.startswith(incomplete))


def _found(ctx: typer.Context, typed: str) -> list[str]:
    from holdall.cli.candidates import candidates, candidates_at_server  # they import the client

    store = str(ctx.meta.get(STORE_VARIABLE) or DEFAULT_STORE)
    if "profile" in ctx.params:  # a command for servers
        return candidates_at_server(ctx.params["profile"], store, typed)
    return candidates(store, typed)
