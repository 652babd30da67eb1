"""What names may be, as the routes of the control plane check them."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Path, Query
from pydantic import AfterValidator, Field, StringConstraints

from holdall.server.lifecycle.runner import ACTOR as LIFECYCLE

NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$"
GRANTEE: Final = r"^(user|org):[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$"
OWNER: Final = r"^(org:)?[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$"
BUCKET: Final = r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$"
ACCESS_KEY: Final = r"^[A-Za-z0-9._@+-]{3,128}$"

RESERVED: Final = frozenset({"anonymous", LIFECYCLE})
"""What events and explanations call those who are no users."""

# A local user, who owns a store before it is served, may have any name: those paths are
# only looked up.


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("it must not hold a NUL character")
    return text


def _unreserved(name: str) -> str:
    if name in RESERVED:
        raise ValueError("it is reserved")
    return name


Text = Annotated[
    str, StringConstraints(max_length=256), AfterValidator(_without_nul), Field(description="Text.")
]
NewName = Annotated[str, StringConstraints(pattern=NAME)]
NewUserName = Annotated[NewName, AfterValidator(_unreserved)]
BucketName = Annotated[str, StringConstraints(pattern=BUCKET)]
Key = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    AfterValidator(_without_nul),
    Field(description="An object's key: at most 1024 bytes of UTF-8."),
]

InPath = Annotated[str, Path(max_length=255, pattern=r"^[^\x00/]+$")]
BucketInPath = Annotated[str, Path(pattern=BUCKET)]
GranteeInPath = Annotated[str, Path(pattern=GRANTEE)]
KeyInPath = Annotated[str, Path(pattern=ACCESS_KEY)]
MasterKeyInPath = Annotated[str, Path(pattern=r"^[0-9a-f]{8}$")]
UserInQuery = Annotated[str | None, Query(max_length=255, pattern=r"^[^\x00/]+$")]
