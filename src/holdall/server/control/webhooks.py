"""Webhooks: addresses that notification configurations of buckets may name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from holdall.server.control.asked import Asked
from holdall.server.control.caller import Caller
from holdall.server.control.paging import After, Limit, described, listed
from holdall.server.webhooks import Webhook as Stored

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

NAME = r"^[A-Za-z0-9._-]{1,128}$"
NameInPath = Annotated[str, Path(pattern=NAME)]


class Webhook(BaseModel):
    """`arn` is how a notification configuration (S3) names it."""

    name: str
    url: str
    arn: str


class NewWebhook(Webhook):
    secret: str = Field(description="What deliveries are signed with. Shown this once.")


class WantedWebhook(Asked):
    name: Annotated[str, StringConstraints(pattern=NAME)]
    url: Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[!-~]+$")]


def _fields(webhook: Stored) -> dict[str, str]:
    arn = f"arn:holdall:webhook:::{webhook.name}"
    return {"name": webhook.name, "url": webhook.url, "arn": arn}


@router.get("", responses=described(Webhook), response_model=None)
async def list_webhooks(
    request: Request, caller: Caller, after: After = "", limit: Limit = 100
) -> Response:
    """All webhooks, by name. For administrators."""
    caller.require_admin()

    async def fetch(after: str, limit: int) -> Sequence[Webhook]:
        found = [each for each in caller.site.webhooks.every() if each.name > after]
        return [Webhook(**_fields(each)) for each in found[:limit]]

    return await listed(request, fetch, lambda webhook: webhook.name, after, limit)


@router.post("", status_code=201)
async def create_webhook(wanted: WantedWebhook, caller: Caller) -> NewWebhook:
    """Add a webhook. For administrators: the server itself will call the address."""
    caller.require_admin()
    made = caller.site.webhooks.add(wanted.name, wanted.url)
    return NewWebhook(**_fields(made), secret=made.secret)


@router.delete("/{webhook}", status_code=204)
async def delete_webhook(webhook: NameInPath, caller: Caller) -> None:
    """Remove a webhook; what names it is told nothing more. For administrators."""
    caller.require_admin()
    caller.site.webhooks.remove(webhook)
