"""Running the server: one listening socket, and one process or several that answer on it."""

from __future__ import annotations

import os
import resource
import socket
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from holdall.server import logs, metrics
from holdall.server.options import ServerOptions
from holdall.server.protocol import HttpProtocol
from holdall.server.root import Root

KEEP_ALIVE = 75
"""Seconds for which a connection may be idle; clients that pool them count on a minute."""

BACKLOG = 2048

WORKER_SILENCE = 60
"""Seconds after which a worker that says nothing is taken for dead. On a busy machine it takes
a worker many of them to begin: Uvicorn's own five would kill it half-way, again and again."""


def bind(options: ServerOptions) -> socket.socket:
    """The socket to listen at, bound before anybody is told about it. `OSError`."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    return socket.create_server((options.host, options.port), family=family, backlog=BACKLOG)


def run(options: ServerOptions, listener: socket.socket) -> None:
    """Serve until a signal says to stop; requests in flight are answered first.

    Blocks, and must be called in the main thread. What ended it by a signal is raised again
    once everything is closed.
    """
    _raise_file_limit()
    with ExitStack() as stack:
        stack.enter_context(listener)
        config = configure(replace(options, port=listener.getsockname()[1]))
        if options.workers == 1:
            Server(config).run([listener])
            return
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="holdall-metrics-"))
        os.environ[metrics.SHARED] = folder  # read by the workers when they begin
        Multiprocess(config, [listener]).run()


def configure(options: ServerOptions) -> Config:
    """How Uvicorn runs the app."""
    return Config(
        partial(Root, options),
        factory=True,
        interface="asgi3",
        lifespan="on",
        loop="uvloop",
        http=HttpProtocol,
        ws="websockets-sansio",
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        workers=options.workers,
        timeout_worker_healthcheck=WORKER_SILENCE,
        log_config=logs.configuration(options.log),
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=bool(options.trusted_proxies),
        forwarded_allow_ips=list(options.trusted_proxies),
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=options.grace,
        ssl_certfile=options.certfile,
        ssl_keyfile=options.keyfile,
    )


def _raise_file_limit() -> None:
    """A connection is a file, and so is each large object that is being read."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
