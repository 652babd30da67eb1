"""One small class for everything that is opened and then read item by item."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Closeable(Protocol[T_co]):
    """An async iterator that holds something open until it is closed."""

    def __aiter__(self) -> AsyncIterator[T_co]: ...

    async def __anext__(self) -> T_co: ...

    async def aclose(self) -> object: ...


class Stream(Generic[T]):
    """Items on their way, for `async with … as items` and directly for `async for`.

    Nothing happens before it is entered or iterated; entering it raises what opening
    raises. Only `async with` promises that a loop left early lets go at once.
    """

    def __init__(self, opening: Callable[[], Awaitable[Closeable[T]]]) -> None:
        self._opening = opening
        self._items: Closeable[T] | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self._closed:
            raise StopAsyncIteration
        items = await self._opened()
        try:
            return await anext(items)
        except StopAsyncIteration:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Let go of what is read. Harmless when repeated; iterating afterwards ends at once."""
        self._closed = True
        items, self._items = self._items, None
        if items is not None:
            await items.aclose()

    async def _opened(self) -> Closeable[T]:
        if self._items is None:
            self._items = await self._opening()
        return self._items
