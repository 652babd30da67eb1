"""polars: its readers and writers of cloud storage."""

from __future__ import annotations

import pytest

from .needs import client_of, module


@pytest.fixture
def options(server):
    return {
        "aws_access_key_id": server.alice.access_key,
        "aws_secret_access_key": server.alice.secret_key,
        "aws_endpoint_url": server.endpoint,
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
    }


@pytest.fixture
def bucket(server, name):
    client_of(server).create_bucket(Bucket=name)
    return name


@pytest.fixture
def frame():
    polars = module("polars")
    return polars.DataFrame({"n": range(1000), "text": [f"row {n}" for n in range(1000)]})


def test_parquet(frame, bucket, options):
    polars = module("polars")
    frame.write_parquet(f"s3://{bucket}/a b/t.parquet", storage_options=options)
    found = polars.read_parquet(f"s3://{bucket}/a b/t.parquet", storage_options=options)
    assert found.equals(frame)
    lazy = polars.scan_parquet(f"s3://{bucket}/a b/*.parquet", storage_options=options)
    assert lazy.filter(polars.col("n") > 989).select("text").collect().height == 10


def test_a_stream_of_rows(frame, bucket, options):
    polars = module("polars")
    frame.lazy().sink_csv(f"s3://{bucket}/t.csv", storage_options=options)
    found = polars.scan_csv(f"s3://{bucket}/t.csv", storage_options=options).collect()
    assert found.equals(frame)
