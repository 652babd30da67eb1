"""What only the PostgreSQL dialect has to prove: threads, retries, unanswered COMMITs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

psycopg = pytest.importorskip("psycopg")

from holdall.catalog.postgres import outcome, sessions  # noqa: E402
from holdall.catalog.postgres.catalog import PostgresCatalog  # noqa: E402
from holdall.catalog.postgres.outcome import did_commit  # noqa: E402
from holdall.catalog.postgres.transaction import Mark, PostgresTransaction  # noqa: E402
from holdall.catalog.schema import FORMAT  # noqa: E402
from holdall.catalog.tables import events  # noqa: E402
from holdall.catalog.tables.events import Kind  # noqa: E402
from holdall.catalog.transaction import Reads, Transaction  # noqa: E402
from holdall.core.errors import (  # noqa: E402
    Busy,
    Corrupt,
    FormatError,
    HoldallError,
    InvalidArgument,
    NotSupported,
    OutcomeUnknown,
    ReadOnlyStore,
    StorageFull,
    StoreError,
)
from holdall.testing import postgres as server  # noqa: E402
from holdall.testing.catalogs import MORE_THAN_THREADS, get, holding, increment, put  # noqa: E402
from holdall.testing.postgres import PostgresServer  # noqa: E402

pytestmark = pytest.mark.postgres

GATE = 4711
"""The advisory lock at which a COMMIT waits."""

Run = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
async def catalog(
    postgres_server: PostgresServer, postgres_schema: str
) -> AsyncIterator[PostgresCatalog]:
    catalog = PostgresCatalog(postgres_server.dsn, schema=postgres_schema)
    await catalog.write(put("a", 0))
    yield catalog
    await catalog.aclose()


@pytest.fixture
def sql(postgres_server: PostgresServer, postgres_schema: str) -> Iterator[Run]:
    """Runs statements on a connection of the test's own."""
    with psycopg.connect(postgres_server.dsn, autocommit=True) as connection:

        def run(statement: str, *params: object) -> list[tuple[Any, ...]]:
            connection.execute(f'SET search_path TO "{postgres_schema}"')
            done = connection.execute(statement, params)
            return done.fetchall() if done.description else []

        yield run


def raising(state: str) -> Callable[[Transaction], None]:
    """A unit that PostgreSQL itself refuses with an error code."""

    def unit(tx: Transaction) -> None:
        increment(tx)
        tx.run(f"DO $$ BEGIN RAISE EXCEPTION 'injected' USING ERRCODE = '{state}'; END $$")

    return unit


class Counted:
    """A unit that counts how often it was run; the first runs do something else."""

    def __init__(self, *first: Callable[[Transaction], None]) -> None:
        self.runs = 0
        self._first = first

    def __call__(self, tx: Transaction) -> None:
        self.runs += 1
        for this in self._first[self.runs - 1 : self.runs]:
            this(tx)
        increment(tx)


# where things run


async def test_nothing_runs_on_the_event_loop(catalog: PostgresCatalog) -> None:
    ours = threading.get_ident()
    verbs = (catalog.read, catalog.scan, catalog.write)
    assert all([await verb(lambda view: threading.get_ident()) != ours for verb in verbs])


async def test_readers_do_not_wait_for_writers(catalog: PostgresCatalog) -> None:
    with holding() as held:
        tasks = [asyncio.create_task(catalog.write(held))]
        await held.begun()
        tasks += [asyncio.create_task(catalog.write(increment)) for _ in range(MORE_THAN_THREADS)]
        assert await catalog.read(get("a")) == 0
    await asyncio.gather(*tasks)


async def test_a_cancelled_reader_leaves_at_once(catalog: PostgresCatalog) -> None:
    release = threading.Event()
    task = asyncio.create_task(catalog.scan(lambda reads: release.wait(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    release.set()


async def test_a_query_cannot_write(catalog: PostgresCatalog) -> None:
    with pytest.raises(ReadOnlyStore):
        await catalog.read(lambda reads: reads.all("DELETE FROM leases RETURNING name"))
    assert await catalog.read(get("a")) == 0


async def test_a_server_that_does_not_flush_is_told_to(
    postgres_server: PostgresServer, postgres_schema: str
) -> None:
    careless = f"{postgres_server.dsn} options='-c synchronous_commit=off'"
    catalog = PostgresCatalog(careless, schema=postgres_schema)
    shown = await catalog.write(lambda tx: tx.one("SHOW synchronous_commit"))
    assert shown == ("on",)
    await catalog.aclose()


async def test_whoever_pages_the_events_misses_none(catalog: PostgresCatalog) -> None:
    def note(tx: Transaction) -> int:
        tick = tx.tick()
        events.log(tx, tick, Kind.WRITTEN, 1, "", b"key", 0, 0)
        return tick.seq

    seen: list[int] = []

    async def follow(writers: asyncio.Future[Any]) -> None:
        last = False
        while not last:
            last = writers.done()
            page = partial(events.page, after=seen[-1] if seen else 0, limit=10_000)
            rows = await catalog.read(page)
            seen.extend(row.seq for row in rows)

    writing = asyncio.gather(*(catalog.write(note) for _ in range(200)))
    await follow(writing)
    assert seen == sorted(await writing)


# errors


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("53100", StorageFull),
        ("25006", ReadOnlyStore),
        ("XX001", Corrupt),
        ("XX002", Corrupt),
        ("55P03", Busy),
        ("53300", Busy),
        ("23505", StoreError),
    ],
)
async def test_errors_are_ours(
    catalog: PostgresCatalog, state: str, kind: type[HoldallError]
) -> None:
    with pytest.raises(HoldallError, match="injected") as caught:
        await catalog.write(raising(state))
    assert type(caught.value) is kind
    assert isinstance(caught.value.__cause__, psycopg.Error)
    await catalog.write(increment)
    assert await catalog.read(get("a")) == 1


async def test_texts_without_nul_only(catalog: PostgresCatalog) -> None:
    with pytest.raises(InvalidArgument, match="NUL"):
        await catalog.write(put("a\0b", 1))


async def test_a_unit_that_hides_a_failure_is_not_acknowledged(catalog: PostgresCatalog) -> None:
    def unit(tx: Transaction) -> None:
        increment(tx)
        with suppress(psycopg.Error):
            tx.run("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(StoreError):
        await catalog.write(unit)
    assert await catalog.read(get("a")) == 0


async def test_a_clock_that_somebody_else_holds(
    catalog: PostgresCatalog,
    postgres_server: PostgresServer,
    postgres_schema: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    impatient = sessions.WRITING.replace("lock_timeout = '30s'", "lock_timeout = '20ms'")
    monkeypatch.setattr("holdall.catalog.postgres.catalog.WRITING", impatient)
    other = PostgresCatalog(postgres_server.dsn, schema=postgres_schema)
    with holding() as held:
        task = asyncio.create_task(catalog.write(held))
        await held.begun()
        with pytest.raises(Busy):
            await other.write(increment)
    await task
    await other.aclose()
    assert await catalog.read(get("a")) == 0


def test_a_server_that_is_not_there(tmp_path: Any) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresCatalog(f"host={tmp_path} dbname=x password=secret")
    assert "secret" not in str(caught.value)


def test_a_dsn_that_is_none() -> None:
    with pytest.raises(InvalidArgument) as caught:
        PostgresCatalog("secret")
    assert "secret" not in str(caught.value)


# again


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_conflict_is_tried_again(catalog: PostgresCatalog, state: str) -> None:
    unit = Counted(raising(state), raising(state))
    await catalog.write(unit)
    assert unit.runs == 3
    assert await catalog.read(get("a")) == 1


async def test_it_is_not_tried_for_ever(
    catalog: PostgresCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdall.catalog.postgres.retrying.PAUSES", (0.0, 0.0))
    unit = Counted(*[raising("40001")] * 9)
    with pytest.raises(Busy):
        await catalog.write(unit)
    assert unit.runs == 3


async def test_a_connection_lost_during_a_unit(catalog: PostgresCatalog, sql: Run) -> None:
    def lose(tx: Transaction) -> None:
        increment(tx)
        terminate(sql, tx)

    unit = Counted(lose)
    await catalog.write(unit)
    assert unit.runs == 2
    assert await catalog.read(get("a")) == 1


async def test_a_connection_lost_during_a_query(catalog: PostgresCatalog, sql: Run) -> None:
    runs: list[int] = []

    def query(reads: Reads) -> int | None:
        runs.append(1)
        if len(runs) == 1:
            terminate(sql, reads)
        return get("a")(reads)

    assert await catalog.read(query) == 0
    assert len(runs) == 2


async def test_idle_connections_that_died(
    catalog: PostgresCatalog, sql: Run, postgres_schema: str
) -> None:
    await asyncio.gather(*(catalog.write(increment) for _ in range(MORE_THAN_THREADS)))
    sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    await catalog.write(increment)
    assert await catalog.read(get("a")) == MORE_THAN_THREADS + 1


# a COMMIT without an answer


async def test_lost_before_the_commit_arrived(
    catalog: PostgresCatalog, sql: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = replace_commit(monkeypatch, lambda tx, commit: (terminate(sql, tx), commit(tx)))
    unit = Counted()
    await catalog.write(unit)
    assert (unit.runs, len(commits)) == (2, 2)
    assert await catalog.read(get("a")) == 1


async def test_lost_after_the_commit_took_place(
    catalog: PostgresCatalog, sql: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stub(tx: PostgresTransaction, commit: Callable[[PostgresTransaction], None]) -> None:
        commit(tx)
        terminate(sql, tx)
        tx.run("SELECT 1")

    commits = replace_commit(monkeypatch, stub)
    unit = Counted()
    await catalog.write(unit)
    assert (unit.runs, len(commits)) == (1, 1)
    assert await catalog.read(get("a")) == 1


async def test_lost_after_a_commit_that_others_followed(
    catalog: PostgresCatalog,
    sql: Run,
    postgres_server: PostgresServer,
    postgres_schema: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = PostgresCatalog(postgres_server.dsn, schema=postgres_schema)

    def stub(tx: PostgresTransaction, commit: Callable[[PostgresTransaction], None]) -> None:
        commit(tx)
        asyncio.run(other.write(increment))  # the clock forgets the first batch
        raise psycopg.OperationalError("injected: no answer")

    replace_commit(monkeypatch, stub)
    unit = Counted()
    await catalog.write(unit)
    await other.aclose()
    assert unit.runs == 1
    assert await catalog.read(get("a")) == 2


async def test_killed_while_it_commits(catalog: PostgresCatalog, sql: Run) -> None:
    make_commits_wait(sql)
    sql("SELECT pg_advisory_lock(%s)", GATE)
    unit = Counted()
    task = asyncio.create_task(catalog.write(unit))
    pid = await commit_at_the_gate(sql)
    sql("SELECT pg_terminate_backend(%s)", pid)
    sql("SELECT pg_advisory_unlock(%s)", GATE)
    await task
    assert unit.runs == 2
    assert await catalog.read(get("a")) == 1


async def test_a_commit_that_is_still_under_way_is_waited_for(
    catalog: PostgresCatalog, sql: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_commits_wait(sql)
    sql("SELECT pg_advisory_lock(%s)", GATE)
    asked = threading.Event()
    late: list[threading.Thread] = []

    def stub(tx: PostgresTransaction, commit: Callable[[PostgresTransaction], None]) -> None:
        late.append(threading.Thread(target=commit, args=(tx,)))
        late[0].start()
        raise psycopg.OperationalError("injected: no answer")

    def pause(seconds: float) -> None:
        asked.set()

    replace_commit(monkeypatch, stub)
    monkeypatch.setattr(outcome.time, "sleep", pause)
    unit = Counted()
    task = asyncio.create_task(catalog.write(unit))
    await commit_at_the_gate(sql)
    assert await asyncio.to_thread(asked.wait, 60)
    assert not task.done()
    sql("SELECT pg_advisory_unlock(%s)", GATE)
    await task
    late[0].join()
    assert unit.runs == 1
    assert await catalog.read(get("a")) == 1


async def test_nobody_left_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "PATIENCE", 0.2)
    with PostgresServer() as server:
        catalog = PostgresCatalog(server.dsn)
        await catalog.write(put("a", 0))

        def stub(tx: PostgresTransaction, commit: Callable[[PostgresTransaction], None]) -> None:
            server.stop()
            commit(tx)

        replace_commit(monkeypatch, stub)
        unit = Counted()
        with pytest.raises(OutcomeUnknown):
            await catalog.write(unit)
        assert unit.runs == 1
        server.start()
        await catalog.write(increment)
        assert await catalog.read(get("a")) == 1
        await catalog.aclose()


async def test_an_id_that_another_server_gave_proves_nothing(
    catalog: PostgresCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "PATIENCE", 0.0)
    row = await catalog.write(
        lambda tx: tx.one(
            "SELECT CAST(pg_current_xact_id() AS text),"
            " CAST(extract(epoch FROM pg_postmaster_start_time()) AS text), batch FROM clock"
        )
    )
    assert row is not None
    fresh = catalog._writing.fresh
    assert did_commit(fresh, Mark(row[0], row[1], "overwritten"), "")
    with pytest.raises(OutcomeUnknown):
        did_commit(fresh, Mark(row[0], "another", "overwritten"), "")
    future = Mark(str(int(row[0]) + 1_000_000), row[1], "never")
    assert not did_commit(fresh, future, "")


# opening

OPEN = """
import asyncio, sys
from holdall.catalog.postgres.catalog import PostgresCatalog
dsn, schema = sys.argv[1:]
sys.stdin.read()
async def main():
    catalog = PostgresCatalog(dsn, schema=schema)
    for _ in range(20):
        await catalog.write(lambda tx: tx.tick())
    await catalog.aclose()
asyncio.run(main())
"""


def test_processes_that_open_a_fresh_database_at_once(
    postgres_server: PostgresServer, postgres_schema: str, sql: Run
) -> None:
    command = [sys.executable, "-c", OPEN, postgres_server.dsn, postgres_schema]
    openers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(3)]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.close()
    assert [opener.wait(60) for opener in openers] == [0, 0, 0]
    assert sql("SELECT seq FROM clock") == [(60,)]
    assert sql("SELECT format FROM store") == [(FORMAT,)]


async def test_threads_that_open_a_fresh_schema_at_once(
    postgres_server: PostgresServer, postgres_schema: str, sql: Run
) -> None:
    def open_it() -> PostgresCatalog:
        return PostgresCatalog(postgres_server.dsn, schema=postgres_schema)

    catalogs = await asyncio.gather(*(asyncio.to_thread(open_it) for _ in range(8)))
    assert sql("SELECT count(*) FROM store") == [(1,)]
    for catalog in catalogs:
        await catalog.aclose()


async def test_a_newer_format_is_refused(
    catalog: PostgresCatalog, sql: Run, postgres_server: PostgresServer, postgres_schema: str
) -> None:
    sql("UPDATE store SET format = %s", FORMAT + 1)
    before = sql("SELECT ctid, xmin, s.* FROM store s")
    with pytest.raises(FormatError, match="upgrade") as caught:
        PostgresCatalog(postgres_server.dsn, schema=postgres_schema)
    assert (caught.value.expected, caught.value.actual) == (FORMAT, FORMAT + 1)
    assert sql("SELECT ctid, xmin, s.* FROM store s") == before


@pytest.mark.parametrize("table", ["store (colour TEXT)", "buckets (colour TEXT)"])
async def test_a_schema_of_somebody_else_is_refused(
    sql: Run, postgres_server: PostgresServer, postgres_schema: str, table: str
) -> None:
    sql(f"CREATE SCHEMA {postgres_schema}")
    sql(f"CREATE TABLE {table}")
    with pytest.raises(FormatError, match="nothing was changed"):
        PostgresCatalog(postgres_server.dsn, schema=postgres_schema)
    tables = sql("SELECT tablename FROM pg_tables WHERE schemaname = %s", postgres_schema)
    assert tables == [(table.split()[0],)]


async def test_a_database_in_another_encoding_is_refused(
    sql: Run, postgres_server: PostgresServer
) -> None:
    sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(NotSupported) as caught:
        PostgresCatalog(postgres_server.dsn.replace("dbname=postgres", "dbname=latin"))
    assert caught.value.actual == "LATIN1"


@pytest.mark.parametrize("schema", ["", "x" * 64, "ä" * 32, "a\0b"])
def test_names_that_are_none(schema: str) -> None:
    with pytest.raises(InvalidArgument):
        PostgresCatalog("dbname=nowhere", schema=schema)


async def test_any_name_may_name_the_schema(postgres_server: PostgresServer) -> None:
    schema = 'My "own"; %s'
    catalog = PostgresCatalog(postgres_server.dsn, schema=schema)
    await catalog.write(put("a", 1))
    await catalog.aclose()
    again = PostgresCatalog(postgres_server.dsn, schema=schema)
    assert await again.read(get("a")) == 1
    await again.aclose()


async def test_closing_leaves_no_connection(
    postgres_server: PostgresServer, postgres_schema: str, sql: Run
) -> None:
    mine = f"{postgres_server.dsn} application_name={postgres_schema}"
    count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    catalog = PostgresCatalog(mine, schema=postgres_schema)
    both = (catalog.write, catalog.read)
    await asyncio.gather(*(verb(lambda view: None) for verb in both for _ in range(20)))
    assert sql(count, postgres_schema)[0][0] > 0
    await catalog.aclose()
    while sql(count, postgres_schema) != [(0,)]:  # the server takes a moment to notice
        pass


# tools


def terminate(sql: Run, view: Reads) -> None:
    row = view.one("SELECT pg_backend_pid()")
    assert row is not None
    sql("SELECT pg_terminate_backend(%s, 10000)", row[0])


def replace_commit(
    monkeypatch: pytest.MonkeyPatch,
    stub: Callable[[PostgresTransaction, Callable[[PostgresTransaction], None]], object],
) -> list[int]:
    """The first COMMIT of a `PostgresTransaction` is the stub's; how many there were."""
    commit = PostgresTransaction.commit
    commits: list[int] = []

    def first(tx: PostgresTransaction) -> None:
        commits.append(1)
        if len(commits) == 1:
            stub(tx, commit)
        else:
            commit(tx)

    monkeypatch.setattr(PostgresTransaction, "commit", first)
    return commits


def make_commits_wait(sql: Run) -> None:
    """Every COMMIT that touched `leases` waits while the gate is locked."""
    sql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NULL; END $$"
    )
    sql(
        "CREATE CONSTRAINT TRIGGER gate AFTER UPDATE ON leases"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()"
    )


async def commit_at_the_gate(sql: Run) -> int:
    """The backend whose COMMIT has come to the gate."""
    while True:
        rows = await asyncio.to_thread(
            sql, "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        )
        if rows:
            return int(rows[0][0])


# where there is no PostgreSQL


@pytest.mark.parametrize(
    ("required", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)]
)
def test_a_missing_server_skips_unless_it_must_be_there(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("HOLDALL_REQUIRE_SERVERS", required)
    monkeypatch.setattr(server, "_DEBIAN", Path("/nowhere"))
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(outcome, match="not installed"):
        server._server_or_skip()
