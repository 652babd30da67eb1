"""The exam of every dialect of the catalog."""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pytest

from holdall.catalog.tables import (
    access_keys,
    audit,
    blobs,
    buckets,
    completed_parts,
    doomed,
    events,
    grants,
    leases,
    marks,
    members,
    orgs,
    parts,
    payloads,
    settings,
    small_payloads,
    spans,
    uploads,
    usage,
    users,
)
from holdall.catalog.tables.access_keys import AccessKeyRow
from holdall.catalog.tables.blobs import BlobRow
from holdall.catalog.tables.buckets import BucketRow
from holdall.catalog.tables.completed_parts import CompletedPartRow
from holdall.catalog.tables.events import Kind
from holdall.catalog.tables.grants import GrantRow
from holdall.catalog.tables.members import MemberRow
from holdall.catalog.tables.orgs import OrgRow
from holdall.catalog.tables.parts import PartRow
from holdall.catalog.tables.payloads import PayloadRow
from holdall.catalog.tables.revisions import RevisionRow
from holdall.catalog.tables.revisions import insert as insert_revision
from holdall.catalog.tables.small_payloads import SmallRow
from holdall.catalog.tables.spans import SpanRow
from holdall.catalog.tables.uploads import UploadRow
from holdall.catalog.tables.users import UserRow
from holdall.catalog.transaction import Catalog, Query, Reads, T, Tick, Transaction, Unit
from holdall.core.errors import Busy, Closed, HoldallError
from holdall.core.values import Usage

PATIENCE_S = 60.0
"""Seconds after which something that must happen counts as never happening."""

MORE_THAN_THREADS = 12
"""Units that keep every thread of a driver's writers busy."""


class Refused(Exception):
    """What the units in here raise."""


class Held:
    """A unit that says when it has begun, and goes on when it is told to."""

    def __init__(self, then: Unit[object] = lambda tx: None) -> None:
        self._then = then
        self._begun = threading.Event()
        self._release = threading.Event()

    def __call__(self, tx: Transaction) -> object:
        result = self._then(tx)
        self._begun.set()
        assert self._release.wait(PATIENCE_S)
        return result

    async def begun(self) -> None:
        assert await asyncio.to_thread(self._begun.wait, PATIENCE_S)

    def release(self) -> None:
        self._release.set()


class CatalogTests:
    """Everything that `holdall.catalog.transaction` promises.

    A driver's test file subclasses this, gives a fixture `make` that opens one and the same
    catalog each time it is called, and says in `limit_waiting` how its bound is set.
    """

    def limit_waiting(self, monkeypatch: pytest.MonkeyPatch, units: int) -> None:
        """Let the catalogs opened from now on accept no more than so many waiting units."""
        raise NotImplementedError

    @pytest.fixture
    async def catalog(self, make: Callable[[], Catalog]) -> AsyncIterator[Catalog]:
        catalog = make()
        yield catalog
        await catalog.aclose()

    # units

    async def test_a_unit_gives_its_result(self, catalog: Catalog) -> None:
        assert await catalog.write(lambda tx: ["anything"]) == ["anything"]

    async def test_what_is_committed_is_seen_by_everybody(
        self, catalog: Catalog, make: Callable[[], Catalog]
    ) -> None:
        other = make()
        await catalog.write(put("a", 7))
        assert await catalog.read(get("a")) == 7
        assert await catalog.scan(get("a")) == 7
        assert await other.read(get("a")) == 7
        await other.aclose()

    async def test_it_is_there_after_reopening(
        self, catalog: Catalog, make: Callable[[], Catalog]
    ) -> None:
        await catalog.write(put("a", 7))
        await catalog.aclose()
        again = make()
        assert await again.read(get("a")) == 7
        await again.aclose()

    async def test_a_unit_sees_its_own_changes(self, catalog: Catalog) -> None:
        def unit(tx: Transaction) -> int | None:
            put("a", 1)(tx)
            return get("a")(tx)

        assert await catalog.write(unit) == 1

    async def test_what_a_unit_raises_passes_through_and_nothing_is_kept(
        self, catalog: Catalog
    ) -> None:
        refusal = Refused("no")
        with pytest.raises(Refused) as caught:
            await catalog.write(failing(put("a", 1), refusal))
        assert caught.value is refusal
        assert await catalog.read(get("a")) is None

    async def test_a_statement_that_fails_is_an_error_of_ours(self, catalog: Catalog) -> None:
        def unit(tx: Transaction) -> None:
            put("a", 1)(tx)
            tx.run("UPDATE nowhere SET nothing = 1")

        with pytest.raises(HoldallError):
            await catalog.write(unit)
        assert await catalog.read(get("a")) is None
        await catalog.write(put("a", 2))
        assert await catalog.read(get("a")) == 2

    async def test_a_failing_unit_leaves_its_neighbours_alone(self, catalog: Catalog) -> None:
        with holding() as held:
            first = asyncio.create_task(catalog.write(held))
            await held.begun()
            units: list[Unit[None]] = [put(f"n{number}", number) for number in range(9)]
            units[4] = failing(units[4], Refused())
            tasks = [asyncio.create_task(catalog.write(unit)) for unit in units]
            await asyncio.sleep(0)
        await first
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes].count(Refused) == 1
        found = await catalog.read(lambda reads: reads.all("SELECT seq FROM leases ORDER BY seq"))
        assert [row[0] for row in found] == [0, 1, 2, 3, 5, 6, 7, 8]

    async def test_each_of_many_units_gets_its_own_result(self, catalog: Catalog) -> None:
        results = await asyncio.gather(*(catalog.write(constant(n)) for n in range(600)))
        assert results == list(range(600))

    async def test_concurrent_increments_lose_nothing(
        self, catalog: Catalog, make: Callable[[], Catalog]
    ) -> None:
        other = make()
        await catalog.write(put("a", 0))
        turns = itertools.cycle((catalog, other))
        await asyncio.gather(*(next(turns).write(increment) for _ in range(50)))
        assert await catalog.read(get("a")) == 50
        await other.aclose()

    async def test_one_catalog_serves_several_event_loops(self, catalog: Catalog) -> None:
        await catalog.write(put("a", 0))

        async def ten() -> None:
            await asyncio.gather(*(catalog.write(increment) for _ in range(10)))

        await asyncio.gather(*(asyncio.to_thread(asyncio.run, ten()) for _ in range(3)))
        assert await catalog.read(get("a")) == 30

    async def test_an_essential_unit_is_a_unit(self, catalog: Catalog) -> None:
        await catalog.write(put("a", 1), essential=True)
        assert await catalog.read(get("a")) == 1

    # statements

    async def test_run_says_how_many_rows_it_changed(self, catalog: Catalog) -> None:
        def unit(tx: Transaction) -> list[int]:
            put("a", 1)(tx)
            put("b", 1)(tx)
            change = "UPDATE leases SET until = ? WHERE seq = ?"
            return [tx.run(change, (5, 1)), tx.run(change, (5, 2))]

        assert await catalog.write(unit) == [2, 0]

    async def test_literals_with_a_percent_sign(self, catalog: Catalog) -> None:
        def unit(tx: Transaction) -> int | None:
            leases.take(tx, "reading-x", "me", 4, 0, 10)
            leases.take(tx, "sweep", "me", 3, 0, 10)
            return leases.oldest_reading(tx, 5)

        assert await catalog.write(unit) == 4

    async def test_keys_are_any_bytes_in_the_order_of_bytes(self, catalog: Catalog) -> None:
        keys = [b"", b"\0", b"\0\0", b" ", b"%s?", b"B", b"a", b"a/", "ä".encode(), b"\xff\xfe"]

        def unit(tx: Transaction) -> None:
            for chain, key in enumerate(reversed(keys), 1):
                blobs.insert(tx, 1, key, BlobRow(0, chain, 0, 1))
                insert_revision(tx, _revision(chain))

        await catalog.write(unit)
        page = await catalog.read(lambda reads: blobs.page(reads, 1, b"", b"\xff\xff", 100))
        assert [key for key, _ in page] == keys

    async def test_texts_are_in_the_order_of_their_bytes(self, catalog: Catalog) -> None:
        names = ["A-b", "Ab", "B", "a", "a b", "a-b", "a.b", "ab", "ä", "😀"]
        for name in reversed(names):
            await catalog.write(put(name, 1))
        rows = await catalog.read(lambda reads: reads.all("SELECT name FROM leases ORDER BY name"))
        assert [row[0] for row in rows] == names

    async def test_every_table_speaks_the_dialect(self, catalog: Catalog) -> None:
        far = 2**40  # beyond 32 bits, where PostgreSQL takes numbers for another type

        def unit(tx: Transaction) -> None:
            buckets.insert(tx, BucketRow(far, "u", "me", "name", far, 1, 0, 0))
            assert not buckets.insert(tx, BucketRow(2, "v", "me", "name", 0, 1, 0, 0))
            for number in range(3):
                insert_revision(tx, _revision(9)._replace(number=number, id=far + number))
            blobs.insert(tx, far, b"key", BlobRow(0, 9, 2, 3))
            payloads.insert_pending(tx, PayloadRow(far, "token", 0, 8, far, b"abcdefgh"))
            payloads.insert_pending(tx, PayloadRow(far + 1, "token", 0, 8, 3, b""))
            assert payloads.make_live(tx, far)
            small_payloads.insert(tx, SmallRow(far + 2, 2**32 - 1, b"\0small"))
            spans.insert(tx, far, SpanRow(0, far, 0, 8))
            spans.insert(tx, far, SpanRow(8, far + 2, 0, 6))
            doomed.doom(tx, far + 1, far)
            doomed.doom(tx, far + 2, 1)
            uploads.insert(tx, UploadRow(far, "u", far, b"key", 0, "{}", "me"))
            parts.insert(tx, PartRow(far, 1, far + 5, 0, 0, "etag", None, None))
            for seq in (1, 5, far):
                events.log(tx, Tick(seq, seq * 10), Kind.WRITTEN, far, "", b"key")

        await catalog.write(unit)
        assert await catalog.read(lambda reads: _answers(reads, far)) == {
            "bucket": [BucketRow(far, "u", "me", "name", far, 1, 0, 0, 0)],
            "named": [far, far],
            "keys": [b"key"],
            "at": [1],
            "sums": [b"efgh", b""],
            "expired": [],
            "located": [(0, far, "token", None), (8, far + 2, None, b"\0small")],
            "doomed": [(far + 1, "token", far), (far + 2, None, 1)],
            "doomed before": [(far + 2, None, 1)],
            "uploads": [far],
            "upload keys": [b"key"],
            "parts": [1, 1],
            "moments": [0, 4, far - 1, far],
            "events": [1, 5, far, 5, None],
            "chosen": [5, far],
            "users": [("name", b"key", 0)],
        }

    async def test_the_tables_beside_a_revision_speak_the_dialect(self, catalog: Catalog) -> None:
        far = 2**40
        row = _revision(9)._replace(id=far, marked=1)

        def unit(tx: Transaction) -> None:
            insert_revision(tx, row)
            marks.insert(tx, row, {"acl": "a", "hold": "ON"})
            marks.put(tx, row, "acl", "b")
            marks.drop(tx, row, "hold")
            for number in (1, 3, 7):
                size = far * number
                parts.insert(tx, PartRow(far, number, number, 0, size, "e", 2**32 - 1, None))
            completed_parts.take_over(tx, far + 1, far)
            settings.put(tx, far, "policy", "old")
            settings.put(tx, far, "policy", "new")

        def answers(reads: Reads) -> list[object]:
            return [
                marks.of(reads, row),
                completed_parts.page(reads, far + 1, 1, 1),
                completed_parts.find(reads, far + 1, 2),
                completed_parts.position(reads, far + 1, 7),
                settings.get(reads, far, "policy"),
                settings.of(reads, far),
            ]

        await catalog.write(unit)
        assert await catalog.read(answers) == [
            {"acl": "b"},
            [CompletedPartRow(far + 1, 3, far * 3, 2**32 - 1, None)],
            None,
            far * 4,
            "new",
            {"policy": "new"},
        ]

        def undo(tx: Transaction) -> bool:
            marks.drop(tx, row, "acl")
            marks.forget(tx, row)
            completed_parts.forget(tx, far + 1)
            settings.forget(tx, far)
            return settings.delete(tx, far, "policy")

        assert not await catalog.write(undo)
        found = await catalog.read(lambda reads: reads.one("SELECT marked FROM revisions"))
        assert found == (0,)
        assert (await catalog.read(answers))[1:] == [[], None, 0, None, {}]

    async def test_the_tables_of_accounts_speak_the_dialect(self, catalog: Catalog) -> None:
        far = 2**40
        key = AccessKeyRow("AK", b"\0sealed", "jane", "", far, far, None, '["a"]', 1, None, None)
        session = key._replace(id="AS", session_of="AK", expires=5)

        def unit(tx: Transaction) -> None:
            assert users.insert(tx, UserRow("jane", far, "Jane", 1))
            assert not users.insert(tx, UserRow("jane", 0, "", 0))
            users.update(tx, UserRow("jane", 0, "J", 0))
            assert orgs.insert(tx, OrgRow("acme", far))
            assert not orgs.insert(tx, OrgRow("acme", 0))
            members.put(tx, MemberRow("acme", "jane", "reader"))
            members.put(tx, MemberRow("acme", "jane", "admin"))
            assert access_keys.insert(tx, key)
            assert not access_keys.insert(tx, key)
            access_keys.insert(tx, session)
            access_keys.touch(tx, "AK", far)
            access_keys.touch(tx, "AK", 1)
            grants.put(tx, GrantRow(far, "user:jane", "read"))
            grants.put(tx, GrantRow(far, "user:jane", "write"))

        used = key._replace(last_used=far)

        def answers(reads: Reads) -> list[object]:
            return [
                users.get(reads, "jane"),
                *users.page(reads, "", 9),
                orgs.get(reads, "acme"),
                *orgs.page(reads, "", 9),
                members.get(reads, "acme", "jane"),
                *members.page(reads, "acme", "", 9),
                *members.of_user(reads, "jane"),
                access_keys.get(reads, "AS"),
                *access_keys.page(reads, "jane", "", 9),
                *grants.of(reads, far),
                *grants.to(reads, "user:jane", 0, 9),
            ]

        await catalog.write(unit)
        member, grant = MemberRow("acme", "jane", "admin"), GrantRow(far, "user:jane", "write")
        assert await catalog.read(answers) == [
            *([UserRow("jane", far, "J", 0)] * 2),
            *([OrgRow("acme", far)] * 2),
            *([member] * 3),
            session,
            used,
            *([grant] * 2),
        ]

        def undo(tx: Transaction) -> list[object]:
            access_keys.insert(tx, session._replace(id="old", session_of=None))
            done: list[object] = [access_keys.forget_expired(tx, 6), access_keys.delete(tx, "AK")]
            access_keys.forget_user(tx, "jane")
            done += [members.delete(tx, "acme", "jane"), grants.delete(tx, far, "user:jane")]
            done += [members.delete(tx, "acme", "jane"), grants.delete(tx, far, "user:jane")]
            members.forget_org(tx, "acme")
            members.forget_user(tx, "jane")
            grants.forget(tx, far)
            grants.forget_grantee(tx, "user:jane")
            users.delete(tx, "jane")
            orgs.delete(tx, "acme")
            return done

        assert await catalog.write(undo) == [2, True, True, True, False, False]
        assert await catalog.read(answers) == [None] * 4

    async def test_every_question_of_the_audit_is_understood(self, catalog: Catalog) -> None:
        assert await catalog.scan(lambda reads: list(audit.findings(reads))) == []
        await catalog.write(lambda tx: blobs.insert(tx, 1, b"key", BlobRow(1, 1, 0, 1)))
        found = await catalog.scan(lambda reads: list(audit.findings(reads)))
        assert [finding.kind for finding in found] == ["bucket", "current"]
        assert found[0].places == [(None, b"key", None, None)]

    # moments

    async def test_moments_only_go_forward(self, catalog: Catalog) -> None:
        ticks: list[Tick] = []
        for _ in range(3):
            ticks += await catalog.write(lambda tx: [tx.tick(), tx.tick()])
        assert_forward(ticks)

    async def test_moments_go_forward_though_the_clock_goes_back(
        self, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticks: list[Tick] = []
        for seconds in (5000, 4000, 3000, 6000):
            monkeypatch.setattr(time, "time_ns", lambda now=seconds: now * 1_000_000_000)
            ticks += await catalog.write(lambda tx: [tx.tick(), tx.tick()])
        monkeypatch.undo()
        assert_forward(ticks)
        assert [tick.time for tick in ticks[::2]] == [
            5 * 10**9,
            5 * 10**9 + 1,
            5 * 10**9 + 2,
            6 * 10**9,
        ]

    async def test_moments_go_on_after_reopening(
        self, catalog: Catalog, make: Callable[[], Catalog]
    ) -> None:
        first = await catalog.write(lambda tx: tx.tick())
        await catalog.aclose()
        again = make()
        assert_forward([first, await again.write(lambda tx: tx.tick())])
        await again.aclose()

    async def test_no_two_units_share_a_moment(
        self, catalog: Catalog, make: Callable[[], Catalog]
    ) -> None:
        other = make()
        turns = itertools.cycle((catalog, other))
        ticks = await asyncio.gather(*(next(turns).write(lambda tx: tx.tick()) for _ in range(60)))
        assert_forward(sorted(ticks))
        await other.aclose()

    # usage

    async def test_usage_is_written_with_the_unit(self, catalog: Catalog) -> None:
        def unit(tx: Transaction) -> None:
            make_bucket(tx, 1)
            make_bucket(tx, 2)
            tx.count(1, Usage(1, 10, 1, 10, 0))
            tx.count(2, Usage(1, 1, 1, 1, 1))
            tx.count(1, Usage(0, -3, 1, 7, 1))
            tx.count(3, Usage(1, 1, 1, 1, 1))

        await catalog.write(unit)
        assert await catalog.read(usage_of(1)) == Usage(1, 7, 2, 17, 1)
        assert await catalog.read(usage_of(2)) == Usage(1, 1, 1, 1, 1)
        assert await catalog.read(usage_of(3)) == Usage(), "there is no such bucket"

    async def test_usage_of_a_failed_unit_is_forgotten(self, catalog: Catalog) -> None:
        await catalog.write(lambda tx: make_bucket(tx, 1))
        counting: Unit[None] = lambda tx: tx.count(1, Usage(1, 1, 1, 1, 1))  # noqa: E731
        units = [counting, failing(counting, Refused()), counting]
        await asyncio.gather(*map(catalog.write, units), return_exceptions=True)
        assert await catalog.read(usage_of(1)) == Usage(2, 2, 2, 2, 2)

    # cancellation

    async def test_a_caller_cancelled_while_waiting_takes_its_unit_back(
        self, catalog: Catalog
    ) -> None:
        with holding() as held:
            first = asyncio.create_task(catalog.write(held))
            await held.begun()
            crowd = [
                asyncio.create_task(catalog.write(constant(n))) for n in range(MORE_THAN_THREADS)
            ]
            victim = asyncio.create_task(catalog.write(put("victim", 1)))
            await asyncio.sleep(0)
            victim.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(victim, PATIENCE_S)
            assert not first.done()
        await asyncio.gather(first, *crowd)
        assert await catalog.read(get("victim")) is None

    async def test_a_caller_cancelled_during_its_unit_learns_when_it_is_over(
        self, catalog: Catalog
    ) -> None:
        with holding(put("a", 1)) as held:
            task = asyncio.create_task(catalog.write(held))
            await held.begun()
            for _ in range(3):
                task.cancel()
                await asyncio.sleep(0)
            assert not task.done()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await catalog.read(get("a")) == 1

    async def test_a_cancelled_caller_is_not_told_what_its_unit_raised(
        self, catalog: Catalog
    ) -> None:
        with holding(put("a", 1)) as held:
            task = asyncio.create_task(catalog.write(failing(held, Refused())))
            await held.begun()
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await catalog.read(get("a")) is None

    # queries

    @pytest.mark.parametrize("verb", ["read", "scan"])
    async def test_a_query_sees_one_moment(
        self, catalog: Catalog, make: Callable[[], Catalog], verb: str
    ) -> None:
        await catalog.write(put("a", 0))

        def query(reads: Reads) -> list[int | None]:
            before = get("a")(reads)
            elsewhere(make, increment)
            return [before, get("a")(reads)]

        assert await getattr(catalog, verb)(query) == [0, 0]
        assert await catalog.read(get("a")) == 1

    @pytest.mark.parametrize("verb", ["read", "scan"])
    async def test_a_query_does_not_see_what_is_not_committed(
        self, catalog: Catalog, verb: str
    ) -> None:
        await catalog.write(put("a", 0))
        with holding(increment) as held:
            task = asyncio.create_task(catalog.write(held))
            await held.begun()
            assert await getattr(catalog, verb)(get("a")) == 0
        await task
        assert await getattr(catalog, verb)(get("a")) == 1

    @pytest.mark.parametrize("verb", ["read", "scan"])
    async def test_what_a_query_raises_passes_through(self, catalog: Catalog, verb: str) -> None:
        refusal = Refused("no")

        def query(reads: Reads) -> None:
            reads.all("SELECT name FROM leases")
            raise refusal

        with pytest.raises(Refused) as caught:
            await getattr(catalog, verb)(query)
        assert caught.value is refusal

    @pytest.mark.parametrize("verb", ["read", "scan"])
    async def test_a_query_that_fails_is_an_error_of_ours(
        self, catalog: Catalog, verb: str
    ) -> None:
        with pytest.raises(HoldallError):
            await getattr(catalog, verb)(lambda reads: reads.all("SELECT nothing FROM nowhere"))
        assert await getattr(catalog, verb)(get("a")) is None

    async def test_many_queries_at_once(self, catalog: Catalog) -> None:
        await catalog.write(put("a", 3))
        both = (verb(get("a")) for _ in range(40) for verb in (catalog.read, catalog.scan))
        assert await asyncio.gather(*both) == [3] * 80

    async def test_upkeep_harms_nothing(self, catalog: Catalog) -> None:
        await catalog.write(put("a", 3))
        await catalog.maintain()
        assert await catalog.integrity() == []
        assert await catalog.read(get("a")) == 3

    # bounds and ends

    async def test_too_many_waiting_units_are_refused(
        self, make: Callable[[], Catalog], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.limit_waiting(monkeypatch, 3)
        catalog = make()
        await catalog.write(put("a", 0))
        with holding() as held:
            first = asyncio.create_task(catalog.write(held))
            await held.begun()
            crowd = [asyncio.create_task(catalog.write(increment)) for _ in range(10)]
            await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
        outcomes = await asyncio.gather(*crowd, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, Busy)]
        await first
        assert 0 < len(refused) < 10
        assert all(error.retryable for error in refused)
        assert await catalog.read(get("a")) == 10 - len(refused)
        await catalog.write(increment)
        await catalog.aclose()

    async def test_closing_finishes_what_is_waiting(
        self, catalog: Catalog, make: Callable[[], Catalog]
    ) -> None:
        await catalog.write(put("a", 0))
        tasks = [asyncio.create_task(catalog.write(increment)) for _ in range(20)]
        await asyncio.sleep(0)
        await catalog.aclose()
        await asyncio.gather(*tasks)
        again = make()
        assert await again.read(get("a")) == 20
        await again.aclose()

    async def test_closing_twice_is_harmless(self, catalog: Catalog) -> None:
        await catalog.aclose()
        await catalog.aclose()

    @pytest.mark.parametrize("verb", ["write", "read", "scan"])
    async def test_a_closed_catalog_says_so(self, catalog: Catalog, verb: str) -> None:
        await catalog.aclose()
        with pytest.raises(Closed):
            await getattr(catalog, verb)(lambda view: None)


def put(name: str, number: int) -> Unit[None]:
    def unit(tx: Transaction) -> None:
        tx.run(
            "INSERT INTO leases (name, holder, seq, until) VALUES (?, ?, ?, ?)",
            (name, "", number, 0),
        )

    return unit


def get(name: str) -> Query[int | None]:
    def query(reads: Reads) -> int | None:
        row = reads.one("SELECT seq FROM leases WHERE name = ?", (name,))
        return row[0] if row else None

    return query


def increment(tx: Transaction) -> None:
    """Read, then write what was read plus one: loses updates where units overlap."""
    found = get("a")(tx)
    assert found is not None
    tx.run("UPDATE leases SET seq = ? WHERE name = ?", (found + 1, "a"))


def failing(unit: Unit[T], error: Exception) -> Unit[None]:
    def both(tx: Transaction) -> None:
        unit(tx)
        raise error

    return both


def constant(value: T) -> Unit[T]:
    return lambda tx: value


def usage_of(bucket: int) -> Query[Usage]:
    return lambda reads: usage.of(reads, bucket)


def elsewhere(make: Callable[[], Catalog], unit: Unit[object]) -> None:
    """Commit a unit through another catalog, on another thread and loop. Blocks."""

    async def write() -> None:
        catalog = make()
        await catalog.write(unit)
        await catalog.aclose()

    thread = threading.Thread(target=asyncio.run, args=(write(),))
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def make_bucket(tx: Transaction, id: int) -> bool:
    return buckets.insert(tx, BucketRow(id, str(id), "me", str(id), 0, 1, 0, 0))


def assert_forward(ticks: list[Tick]) -> None:
    for earlier, later in itertools.pairwise(ticks):
        assert earlier.seq < later.seq
        assert earlier.time <= later.time


@contextmanager
def holding(then: Unit[object] = lambda tx: None) -> Iterator[Held]:
    """A unit that is held until the block ends, however it ends."""
    held = Held(then)
    try:
        yield held
    finally:
        held.release()


def _answers(reads: Reads, far: int) -> dict[str, list[object]]:
    bounds = (far, b"", b"\xff")
    return {
        "bucket": [*buckets.of_owner(reads, "me")],
        "named": [
            row.id
            for row in (*buckets.named(reads, "name"), *buckets.page(reads, "me", "n", "", 9))
        ],
        "keys": [key for key, _ in blobs.any_page(reads, *bounds, 10)],
        "at": [row.number for _, row in blobs.page_at(reads, *bounds, 10, far + 1)],
        "sums": [payloads.sums(reads, far, 1, 1), payloads.sums(reads, far, 70_000, 70_000)],
        "expired": [*payloads.expired(reads, far, 10)],
        "located": [
            (span.position, span.payload, span.token, span.bytes)
            for span in spans.located(reads, far, 3, far, 10)
        ],
        "doomed": [*sorted(doomed.every(reads))],
        "doomed before": [*doomed.waiting(reads, far, 10)],
        "uploads": [row.id for row in uploads.page(reads, far, (b"", ""), b"\xff", 10)],
        "upload keys": [key for key, _ in uploads.keys(reads, far, b"", b"\xff", 10)],
        "parts": [row.number for row in (*parts.of(reads, far), *parts.page(reads, far, 0, 9))],
        "events": [
            events.first(reads),
            events.nth_after(reads, 0, 2),
            events.last(reads),
            events.event_before(reads, 51),
            events.nth_after(reads, far, 1),
        ],
        "chosen": [row.seq for row in events.chosen(reads, 1, far, far, (b"k", b"l"), 10)],
        "moments": [events.moment_of(reads, time) for time in (9, 49, 50, far * 10)],
        "users": [(place.bucket, place.key, place.number) for place in audit.users(reads, far)],
    }


def _revision(chain: int) -> RevisionRow:
    return RevisionRow(chain, 0, chain, 0, 0, 0, 0, 0, None, None, None, None, None, None)
