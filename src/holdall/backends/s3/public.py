"""Whether everybody may read a bucket: one statement of its policy, and what blocks it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from holdall.core.errors import NotFound
from holdall.s3.client import S3Client
from holdall.s3.xml import Element, render

SID: Final = "HoldallPublicRead"
_POLICY: Final = (("policy", ""),)
_STATUS: Final = (("policyStatus", ""),)
_BLOCK: Final = (("publicAccessBlock", ""),)
_ROOT: Final = "PublicAccessBlockConfiguration"
_OF_LISTS: Final = ("BlockPublicAcls", "IgnorePublicAcls")
_OF_POLICIES: Final = ("BlockPublicPolicy", "RestrictPublicBuckets")


async def is_public(client: S3Client, bucket: str) -> bool:
    """Whether a policy opens the bucket, and nothing blocks that."""
    opened, blocked = await asyncio.gather(_is_opened(client, bucket), _blocks(client, bucket))
    return opened and "RestrictPublicBuckets" not in blocked


async def set_public(client: S3Client, bucket: str, public: bool) -> None:
    """In two steps; doing it again finishes the job. The rest of the policy stays, and so do
    the blocks of access lists. Who changes the policy meanwhile may be overruled."""
    if public:
        await _set_blocks(client, bucket, public)
        await _set_statement(client, bucket, public)
    else:  # what is left of the policy may be such that a block would refuse it
        await _set_statement(client, bucket, public)
        await _set_blocks(client, bucket, public)


async def _is_opened(client: S3Client, bucket: str) -> bool:
    found = await _tree(client, bucket, _STATUS)
    return found is not None and (found.get("IsPublic") or "").lower() == "true"


async def _blocks(client: S3Client, bucket: str) -> set[str]:
    found = await _tree(client, bucket, _BLOCK)
    if found is None:
        return set()
    return {each.name for each in found.children if each.text.strip().lower() == "true"}


async def _set_blocks(client: S3Client, bucket: str, public: bool) -> None:
    before = await _blocks(client, bucket)
    after = before - {*_OF_POLICIES} if public else before | {*_OF_POLICIES}
    if after != before:
        body = render(_ROOT, [(name, name in after) for name in (*_OF_LISTS, *_OF_POLICIES)])
        await client.configure(bucket, _BLOCK, body)


async def _set_statement(client: S3Client, bucket: str, public: bool) -> None:
    policy = await _policy(client, bucket)
    before = _statements(policy)
    ours = [_statement(bucket)] if public else []
    after = [each for each in before if each.get("Sid") != SID] + ours
    if after == before:
        return
    if after:
        body = {"Version": "2012-10-17", **policy, "Statement": after}
        await client.configure(bucket, _POLICY, json.dumps(body).encode())
    else:
        await client.request("DELETE", bucket, query=_POLICY)


async def _policy(client: S3Client, bucket: str) -> dict[str, Any]:
    try:
        answer = await client.request("GET", bucket, query=_POLICY)
    except NotFound as error:
        _demand_bucket(error)
        return {}
    found: dict[str, Any] = json.loads(answer.content)
    return found


def _statements(policy: dict[str, Any]) -> list[dict[str, Any]]:
    held = policy.get("Statement", [])
    return [held] if isinstance(held, dict) else held


def _statement(bucket: str) -> dict[str, Any]:
    return {
        "Sid": SID,
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }


async def _tree(
    client: S3Client, bucket: str, query: tuple[tuple[str, str], ...]
) -> Element | None:
    """None where it is not configured."""
    try:
        return (await client.request("GET", bucket, query=query, xml=True)).tree
    except NotFound as error:
        _demand_bucket(error)
        return None


def _demand_bucket(error: NotFound) -> None:
    if error.code == "NoSuchBucket":
        raise error
