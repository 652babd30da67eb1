"""pyarrow.fs.S3FileSystem (the C++ SDK of AWS) and data sets on it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from .needs import LARGE, SMALL, module


@pytest.fixture
def fs(server):
    return module("pyarrow.fs").S3FileSystem(
        access_key=server.alice.access_key,
        secret_key=server.alice.secret_key,
        endpoint_override=urlsplit(server.endpoint).netloc,
        scheme="http",
        region="us-east-1",
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
    )


@pytest.fixture
def bucket(fs, name):
    fs.create_dir(name)
    return name


def test_files(fs, bucket):
    arrow = module("pyarrow.fs")
    for key, content in SMALL.items():
        with fs.open_output_stream(f"{bucket}/{key}", metadata={"Content-Type": "text/x"}) as out:
            out.write(content)
        with fs.open_input_file(f"{bucket}/{key}") as file:
            assert file.read() == content
    found = fs.get_file_info(arrow.FileSelector(bucket, recursive=True))
    files = [each.path for each in found if each.type == arrow.FileType.File]
    assert sorted(files) == sorted(f"{bucket}/{key}" for key in SMALL)
    fs.copy_file(f"{bucket}/dir/a b.txt", f"{bucket}/copy+")
    fs.move(f"{bucket}/copy+", f"{bucket}/moved")
    assert fs.get_file_info(f"{bucket}/copy+").type == arrow.FileType.NotFound
    fs.delete_dir_contents(bucket)
    assert fs.get_file_info(arrow.FileSelector(bucket)) == []
    fs.delete_dir(bucket)


def test_a_large_file(fs, bucket):
    with fs.open_output_stream(f"{bucket}/large") as out:
        out.write(LARGE)
    with fs.open_input_file(f"{bucket}/large") as file:
        assert file.size() == len(LARGE)
        assert file.read_at(10, 12_000_000) == LARGE[12_000_000:][:10]
        assert file.read() == LARGE


def test_a_data_set(fs, bucket):
    arrow, dataset = module("pyarrow"), module("pyarrow.dataset")
    table = arrow.table({"n": range(1000), "part": [n % 3 for n in range(1000)]})
    dataset.write_dataset(
        table, f"{bucket}/set", filesystem=fs, format="parquet", partitioning=["part"]
    )
    found = dataset.dataset(f"{bucket}/set", filesystem=fs, format="parquet", partitioning=["part"])
    assert found.count_rows() == 1000
    only = found.to_table(filter=dataset.field("part") == 1)
    assert sorted(only["n"].to_pylist()) == list(range(1, 1000, 3))


def test_a_table(fs, bucket):
    arrow, parquet = module("pyarrow"), module("pyarrow.parquet")
    table = arrow.table({"name": ["a", "b"], "size": [1, 2]})
    parquet.write_table(table, f"{bucket}/t.parquet", filesystem=fs)
    assert parquet.read_table(f"{bucket}/t.parquet", filesystem=fs).equals(table)
