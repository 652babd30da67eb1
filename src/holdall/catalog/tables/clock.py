"""`clock`: the last moment in the order of commits, and the batch that wrote it."""

from __future__ import annotations

from holdall.catalog.transaction import Reads, Tick, Transaction


def read(reads: Reads) -> Tick:
    row = reads.one("SELECT seq, time FROM clock WHERE id = 1")
    assert row is not None, "made with the table"
    return Tick(*row)


def write(tx: Transaction, tick: Tick, batch: str) -> None:
    tx.run("UPDATE clock SET seq = ?, time = ?, batch = ? WHERE id = 1", (*tick, batch))


def last_batch(reads: Reads) -> str:
    row = reads.one("SELECT batch FROM clock WHERE id = 1")
    assert row is not None, "made with the table"
    return str(row[0])
