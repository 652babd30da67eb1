"""Lists: a page as a JSON document, or all of it as NDJSON for those who ask for that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

from fastapi import Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.requests import Request

NDJSON: Final = "application/x-ndjson"
MOST: Final = 1000

Item = TypeVar("Item", bound=BaseModel)

After = Annotated[str, Query(description="Begin after this one: `next` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="How many entries a page has at most.")]


class Page(BaseModel, Generic[Item]):
    """`next` continues the list as `after`; null at its end."""

    items: list[Item]
    next: str | None = Field(description="The `after` of the next page.")


Fetch = Callable[[str, int], Awaitable[Sequence[Item]]]
"""The items after a place, at most so many."""


async def listed(
    request: Request, fetch: Fetch[Item], place: Callable[[Item], str], after: str, limit: int
) -> Response:
    """`place` names an item in a list, so that the next page can begin after it.

    NDJSON goes on to the end of the list, whatever `limit` is.
    """
    if NDJSON in request.headers.get("accept", ""):
        return StreamingResponse(_lines(fetch, place, after), media_type=NDJSON)
    found = await fetch(after, limit + 1)
    more = len(found) > limit
    items = found[:limit]
    page = Page[Any](items=list(items), next=place(items[-1]) if more else None)
    return Response(page.model_dump_json(), media_type="application/json")


async def _lines(
    fetch: Fetch[Item], place: Callable[[Item], str], after: str
) -> AsyncIterator[str]:
    while found := await fetch(after, MOST):
        yield "".join(f"{item.model_dump_json()}\n" for item in found)
        if len(found) < MOST:
            return
        after = place(found[-1])


def described(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: both forms of a list."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {200: {"model": Page[model], "content": {NDJSON: {"schema": schema}}}}  # type: ignore[valid-type]
