"""Bodies of the type `multipart/form-data` as S3 takes them (POST Object): fields, then one file.

The form is read as it arrives: fields are few and short, the file may be of any size.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from holdall.s3.errors import S3Error
from holdall.server.body import Body

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

BEFORE_FILE: Final = 20 * 1024
"""Bytes that all fields before the file may have together (S3 POST Object)."""

FILE: Final = "file"
FILENAME: Final = "${filename}"
ENCLOSURE: Final = b"multipart/form-data"


@dataclass(slots=True)
class Form:
    """`fields` by lower-case name, with `${filename}` replaced in them (S3 POST Object).

    `content` are the bytes of the file. What comes after the file is read and ignored.
    """

    fields: Mapping[str, str]
    content: AsyncIterator[bytes]


async def read(body: Body, content_type: str) -> Form:
    """The form, read up to its file.

    `PreconditionFailed` for a body of another type, `MalformedPOSTRequest`,
    `MaxPostPreDataLengthExceeded`, `InvalidArgument` for a form without a file.
    """
    reader, pieces = _Reader(_boundary(content_type)), aiter(body)
    while reader.filename is None:
        piece = await anext(pieces, None)
        if piece is None:
            raise reader.without_file()
        reader.feed(piece)
    filename = _last_of_path(reader.filename)
    fields = {name: text.replace(FILENAME, filename) for name, text in reader.fields.items()}
    return Form(fields, _content(reader, pieces))


async def _content(reader: _Reader, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    for chunk in reader.take():
        yield chunk
    async for piece in pieces:
        reader.feed(piece)
        for chunk in reader.take():
            yield chunk
    if not reader.complete:
        raise S3Error("MalformedPOSTRequest")


def _boundary(content_type: str) -> bytes:
    kind, options = parse_options_header(content_type)
    if kind != ENCLOSURE:
        raise S3Error(
            "PreconditionFailed",
            Condition="Bucket POST must be of the enclosure-type multipart/form-data",
        )
    boundary = options.get(b"boundary")
    if not boundary:
        raise S3Error("MalformedPOSTRequest")
    return boundary


def _last_of_path(filename: str) -> str:
    """Some clients send the whole path; S3 keeps what follows its last slash of either kind."""
    return filename.replace("\\", "/").rpartition("/")[2]


class _Reader:
    """Takes a form apart. `filename` is known from the moment its file begins."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.complete = False
        self._header, self._value = bytearray(), bytearray()
        self._disposition = ""
        self._name = ""  # of the field that is being read
        self._text = bytearray()
        self._spent = 0
        self._chunks = list[bytes]()
        self._file_over = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise S3Error("MalformedPOSTRequest") from error

    def feed(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise S3Error("MalformedPOSTRequest") from error

    def take(self) -> list[bytes]:
        """The bytes of the file that came since the last time."""
        chunks, self._chunks = self._chunks, []
        return chunks

    def without_file(self) -> S3Error:
        if not self.complete:
            return S3Error("MalformedPOSTRequest")
        message = "POST requires exactly one file upload per request."
        return S3Error("InvalidArgument", message, ArgumentName=FILE, ArgumentValue="0")

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin_part,
            "on_header_field": self._take_header,
            "on_header_value": self._take_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._take_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def _begin_part(self) -> None:
        self._disposition, self._text = "", bytearray()

    def _take_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = _decoded(self._value)
        self._spend(len(self._header) + len(self._value))
        self._header, self._value = bytearray(), bytearray()

    def _end_headers(self) -> None:
        if self.filename is not None:
            return  # what follows the file is ignored
        self._name, filename = _described(self._disposition)
        if self._name == FILE:
            self.filename = filename

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        if self.filename is None:
            self._spend(end - start)
            self._text += data[start:end]
        elif not self._file_over:
            self._chunks.append(data[start:end])

    def _end_part(self) -> None:
        if self.filename is not None:
            self._file_over = True
        elif self._name in self.fields:
            raise S3Error("InvalidArgument", f"The form has several fields named {self._name}.")
        else:
            self.fields[self._name] = _decoded(self._text)

    def _end(self) -> None:
        self.complete = True

    def _spend(self, size: int) -> None:
        self._spent += size
        if self.filename is None and self._spent > BEFORE_FILE:
            raise S3Error("MaxPostPreDataLengthExceeded")


def _described(disposition: str) -> tuple[str, str]:
    """The name of a field in lower case, and the name of its file, empty where it has none."""
    kind, options = parse_options_header(disposition.encode().decode("latin-1"))
    name = options.get(b"name")
    if kind != b"form-data" or not name:
        raise S3Error("MalformedPOSTRequest")
    return _decoded(name).lower(), _decoded(options.get(b"filename", b""))


def _decoded(raw: bytes | bytearray) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise S3Error("MalformedPOSTRequest", "The form is not UTF-8.") from error
