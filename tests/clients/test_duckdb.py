"""DuckDB with its extension httpfs."""

from __future__ import annotations

import importlib.resources
from urllib.parse import urlsplit

import pytest

from .needs import client_of, module


@pytest.fixture
def duck(server):
    duckdb = module("duckdb")
    connection = duckdb.connect(config={"autoinstall_known_extensions": False})
    load(duckdb, connection)
    connection.execute(
        f"""create secret (
            type s3, provider config, url_style 'path', use_ssl false, region 'us-east-1',
            key_id '{server.alice.access_key}', secret '{server.alice.secret_key}',
            endpoint '{urlsplit(server.endpoint).netloc}'
        )"""
    )
    yield connection
    connection.close()


def load(duckdb, connection):
    """From the package that carries it, else from where DuckDB keeps what it downloaded. DuckDB
    itself sees to it that the file was signed by its makers."""
    try:
        package = importlib.resources.files("duckdb_extension_httpfs")
    except ImportError:
        place = "httpfs"
    else:
        place = package / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
    try:
        connection.execute(f"load '{place}'")
    except duckdb.Error as error:
        pytest.skip(f"DuckDB's httpfs is not there: {str(error).splitlines()[0]}")


@pytest.fixture
def bucket(server, name):
    client_of(server).create_bucket(Bucket=name)
    return name


def test_parquet(duck, bucket):
    duck.execute(
        "copy (select range as n, 'row ' || range as text from range(100000))"
        f" to 's3://{bucket}/a b/t.parquet' (format parquet)"
    )
    found = duck.execute(f"select count(*), sum(n) from 's3://{bucket}/a b/t.parquet'").fetchone()
    assert found == (100000, 4999950000)


def test_partitions(duck, bucket):
    duck.execute(
        "copy (select range as n, range % 3 as part from range(1000))"
        f" to 's3://{bucket}/set' (format parquet, partition_by part)"
    )
    query = f"select count(*) from read_parquet('s3://{bucket}/set/*/*.parquet') where part = 1"
    assert duck.execute(query).fetchone() == (333,)
    files = duck.execute(f"select file from glob('s3://{bucket}/set/**') order by 1").fetchall()
    assert len(files) == 3


def test_text(duck, bucket):
    duck.execute(f"copy (select 1 as a, 'b,c' as d) to 's3://{bucket}/t.csv' (header)")
    assert duck.execute(f"select * from 's3://{bucket}/t.csv'").fetchall() == [(1, "b,c")]
