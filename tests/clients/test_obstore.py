"""obstore (the Rust crate object_store)."""

from __future__ import annotations

import pytest

from .needs import LARGE, MIB, SMALL, client_of, module


@pytest.fixture
def obstore():
    return module("obstore")


@pytest.fixture
def store(server, name):
    stores = module("obstore.store")
    client_of(server).create_bucket(Bucket=name)
    return stores.S3Store(
        name,
        endpoint=server.endpoint,
        region="us-east-1",
        access_key_id=server.alice.access_key,
        secret_access_key=server.alice.secret_key,
        client_options={"allow_http": True},
    )


def test_objects(obstore, store):
    for key, content in SMALL.items():
        obstore.put(store, key, content, attributes={"Content-Type": "text/x", "a": "b"})
        found = obstore.get(store, key)
        assert bytes(found.bytes()) == content
        assert found.attributes["Content-Type"] == "text/x"
        assert found.attributes["a"] == "b"
    listed = [each["path"] for page in obstore.list(store, chunk_size=2) for each in page]
    assert sorted(listed) == sorted(SMALL)
    found = obstore.list_with_delimiter(store, "dir")
    assert found["common_prefixes"] == ["dir/sub", "dir/ünï"]
    obstore.delete(store, list(SMALL))
    assert not list(obstore.list(store))


def test_a_large_object(obstore, store):
    obstore.put(store, "large", LARGE, use_multipart=True, chunk_size=5 * MIB)
    assert bytes(obstore.get(store, "large").bytes()) == LARGE
    assert bytes(obstore.get_range(store, "large", start=100, end=200)) == LARGE[100:200]
    spans = obstore.get_ranges(store, "large", starts=[0, 9 * MIB], ends=[5, 9 * MIB + 5])
    assert [bytes(span) for span in spans] == [LARGE[:5], LARGE[9 * MIB :][:5]]


def test_conditions(obstore, store):
    exceptions = module("obstore.exceptions")
    first = obstore.put(store, "k", b"1", mode="create")["e_tag"]
    with pytest.raises(exceptions.AlreadyExistsError):
        obstore.put(store, "k", b"2", mode="create")
    obstore.put(store, "k", b"2", mode={"e_tag": first})
    with pytest.raises(exceptions.PreconditionError):
        obstore.put(store, "k", b"3", mode={"e_tag": first})
    with pytest.raises(exceptions.NotModifiedError):
        etag = obstore.head(store, "k")["e_tag"]
        obstore.get(store, "k", options={"if_none_match": etag})


def test_copies(obstore, store):
    obstore.put(store, "a b+c", b"1")
    obstore.copy(store, "a b+c", "ü")
    obstore.rename(store, "ü", "moved")
    assert bytes(obstore.get(store, "moved").bytes()) == b"1"
    with pytest.raises(FileNotFoundError):
        obstore.get(store, "ü")
