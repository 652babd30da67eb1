"""XML bodies: a reader that trusts nobody, and a writer.

S3's bodies are small trees of elements and text. The reader refuses document types, so
that no entity is ever expanded, and everything that nests or grows beyond what S3 knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from holdall.s3.errors import S3Error

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
DEPTH: Final = 16
ELEMENTS: Final = 20_000
"""More than 1,000 deletions or rules need."""
OF_PARTS: Final = 60_000
"""More than a completion of 10,000 parts has."""


@dataclass(slots=True)
class Element:
    """An element by its local name: namespaces are not told apart, as S3 does not."""

    name: str
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)

    def find(self, name: str) -> Element | None:
        return next(self.all(name), None)

    def all(self, name: str) -> Iterator[Element]:
        return (child for child in self.children if child.name == name)

    def get(self, name: str) -> str | None:
        """The text of a child; None where there is no such child."""
        child = self.find(name)
        return None if child is None else child.text

    def need(self, name: str) -> str:
        """The text of a child. `MalformedXML` where it is absent or empty."""
        text = self.get(name)
        if not text:
            raise S3Error("MalformedXML")
        return text


def parse(body: bytes, root: str, *, elements: int = ELEMENTS) -> Element:
    """The tree of a body whose root element is `root`, of at most so many. `MalformedXML`."""
    found = _Reader(elements).read(body)
    if found.name != root:
        raise S3Error("MalformedXML")
    return found


class _Reader:
    def __init__(self, elements: int) -> None:
        self._elements = elements
        self._stack: list[Element] = []
        self._root: Element | None = None
        self._count = 0

    def read(self, body: bytes) -> Element:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        try:
            parser.Parse(body, True)
        except (expat.ExpatError, ValueError, LookupError) as error:
            raise S3Error("MalformedXML") from error
        assert self._root is not None, "expat refuses a document without an element"
        return self._root

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._count += 1
        if len(self._stack) >= DEPTH or self._count > self._elements:
            raise S3Error("MalformedXML")
        local = {_local(key): value for key, value in attributes.items()}
        element = Element(_local(name), attributes=local)
        if self._stack:
            self._stack[-1].children.append(element)
        else:
            self._root = element
        self._stack.append(element)

    def _end(self, name: str) -> None:
        element = self._stack.pop()
        if element.children:
            element.text = ""  # the white space between the children

    def _text(self, text: str) -> None:
        if self._stack:
            self._stack[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _refuse(*_: object) -> None:
    raise S3Error("MalformedXML", "A document type is not allowed.")


class Markup(str):
    """Elements that are written already, where trees of nodes would cost too much."""

    __slots__ = ()


Content = str | int | bool | None | Iterable["Node"]
Node = tuple[str, Content] | Markup


def render(root: str, content: Content, *, namespace: str = NAMESPACE) -> bytes:
    """A body. Elements whose content is None are left out; their order is that given."""
    parts = [DECLARATION]
    opening = f'{root} xmlns="{namespace}"' if namespace else root
    _write(parts, opening, root, content)
    return "".join(parts).encode()


def fragment(name: str, content: Content) -> Markup:
    """An element by itself, to be part of a body."""
    parts = list[str]()
    _write(parts, name, name, content)
    return Markup("".join(parts))


def _write(parts: list[str], opening: str, name: str, content: Content) -> None:
    if content is None:
        return
    parts.append(f"<{opening}>")
    if isinstance(content, bool):
        parts.append("true" if content else "false")
    elif isinstance(content, str | int):
        parts.append(escaped(str(content)))
    else:
        for child in content:
            if isinstance(child, Markup):
                parts.append(child)
            else:
                _write(parts, child[0], child[0].partition(" ")[0], child[1])
    parts.append(f"</{name}>")


_SPECIAL = re.compile('[&<>"\x00-\x08\x0b-\x1f\ufffe\uffff]')
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def escaped(text: str) -> str:
    """Escaped text. XML 1.0 cannot say most control characters: S3 writes references for
    them all the same, which lenient readers understand; careful callers ask for
    `encoding-type=url`."""
    if not _SPECIAL.search(text):  # nearly always: a page has thousands of texts
        return text
    escaped = escape(text, {"\r": "&#13;", '"': "&quot;"})
    return _FORBIDDEN.sub(lambda match: f"&#x{ord(match[0]):x};", escaped)
