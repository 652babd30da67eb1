"""aiobotocore."""

from __future__ import annotations

import asyncio

import pytest

from .needs import KEYS_ONLY, LARGE, MIB, SMALL, module


@pytest.fixture
def connect(server):
    """A client, to be used as a context manager."""
    session = module("aiobotocore.session").get_session()

    def connect():
        return session.create_client(
            "s3",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=server.alice.access_key,
            aws_secret_access_key=server.alice.secret_key,
        )

    return connect


async def test_many_at_once(connect, name):
    contents = SMALL | {key: key.encode() for key in KEYS_ONLY}
    async with connect() as client:
        await client.create_bucket(Bucket=name)
        await asyncio.gather(
            *(client.put_object(Bucket=name, Key=k, Body=v) for k, v in contents.items())
        )
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=name, PaginationConfig={"PageSize": 4}
        )
        found = [each["Key"] async for page in pages for each in page["Contents"]]
        assert found == sorted(contents, key=str.encode)
        for key, content in contents.items():
            got = await client.get_object(Bucket=name, Key=key)
            async with got["Body"] as body:
                assert await body.read() == content


async def test_parts(connect, name):
    async with connect() as client:
        await client.create_bucket(Bucket=name)
        upload = await client.create_multipart_upload(Bucket=name, Key="k")
        named = {"Bucket": name, "Key": "k", "UploadId": upload["UploadId"]}
        pieces = [LARGE[start : start + 8 * MIB] for start in range(0, len(LARGE), 8 * MIB)]
        answers = await asyncio.gather(
            *(
                client.upload_part(**named, PartNumber=number, Body=piece)
                for number, piece in enumerate(pieces, 1)
            )
        )
        parts = [{"PartNumber": n, "ETag": a["ETag"]} for n, a in enumerate(answers, 1)]
        await client.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
        got = await client.get_object(Bucket=name, Key="k")
        async with got["Body"] as body:
            assert await body.read() == LARGE
