"""Whether anybody may read a bucket's blobs: a binding in its policy ("Making data public")."""

from __future__ import annotations

from typing import Any, Final

from holdall.payloads.gcs.client import GcsClient, Resource

_ROLE: Final = "roles/storage.legacyObjectReader"  # to read, and not to list
_READERS: Final = frozenset(
    {_ROLE, "roles/storage.objectViewer", "roles/storage.objectAdmin", "roles/storage.admin"}
)
_ANYBODY: Final = "allUsers"


def is_public(policy: Resource) -> bool:
    return any(map(_is_open, policy.get("bindings", ())))


async def set_public(client: GcsClient, bucket: str, public: bool) -> None:
    """Add or take away what makes it public; other bindings stay. The policy's `etag` makes
    Google refuse what was decided on an older one: `Conflict`."""
    policy = await client.policy(bucket)
    if is_public(policy) == public:
        return
    bindings = [_closed(each) for each in policy.get("bindings", ())]
    if public:
        bindings.append({"role": _ROLE, "members": [_ANYBODY]})
    kept = [each for each in bindings if each["members"]]
    await client.set_policy(bucket, {**policy, "bindings": kept})


def _is_open(binding: dict[str, Any]) -> bool:
    unconditional = "condition" not in binding
    return binding["role"] in _READERS and unconditional and _ANYBODY in binding["members"]


def _closed(binding: dict[str, Any]) -> dict[str, Any]:
    if not _is_open(binding):
        return binding
    return {**binding, "members": [each for each in binding["members"] if each != _ANYBODY]}
