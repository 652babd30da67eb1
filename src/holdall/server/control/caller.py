"""Who calls, as the routes of the control plane are given it, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from holdall.engine.engine import Engine
from holdall.s3.errors import S3Error
from holdall.server import buckets, guard
from holdall.server.access.callers import KeyScope
from holdall.server.buckets import Bucket
from holdall.server.control.authenticating import Proved
from holdall.server.control.problems import Refusal, forbidden
from holdall.server.imports import refuse_elsewhere
from holdall.server.opening import Opened
from holdall.server.request import Request
from holdall.server.routes import AclPermission

ENTRY = "holdall.caller"
"""Where it stands in the ASGI scope."""


@dataclass(frozen=True, slots=True)
class Calling:
    """A caller and the store that is served. `request` is what was signed."""

    site: Opened
    request: Request
    proved: Proved

    @property
    def user(self) -> str:
        return self.proved.key.caller.user

    @property
    def is_admin(self) -> bool:
        return self.proved.key.caller.kind == "root"

    @property
    def engine(self) -> Engine:
        """Acts in the caller's name."""
        return self.site.state.engine_of(self.user)

    @property
    def endpoint(self) -> str:
        """The address that the caller knows the server by."""
        public = self.site.options.public_url
        if public is not None:
            return public.rstrip("/")
        scheme = "https" if self.request.secure else "http"
        return f"{scheme}://{self.request.headers.get('host', '')}"

    def require_admin(self) -> None:
        self.require_whole_key()
        if not self.is_admin:
            raise forbidden("Only administrators of the server may do this.")

    def require_self_or_admin(self, user: str) -> None:
        if user != self.user:
            self.require_admin()

    def require_whole_key(self) -> None:
        """Accounts are changed with keys that were not narrowed, and that are not temporary:
        whoever holds one of those must not be able to make a wider one."""
        key = self.proved.key
        if key.parent is not None or key.caller.key not in (None, KeyScope()):
            raise forbidden("This needs a permanent access key without limits.")

    def role_in(self, org: str) -> str | None:
        """The caller's role in an organisation; administrators own all of them."""
        return "owner" if self.is_admin else self.proved.key.caller.orgs.get(org)

    async def may(
        self,
        bucket: Bucket,
        action: str,
        *,
        key: str | None = None,
        writes: bool = False,
        acl: AclPermission | None = None,
    ) -> bool:
        decision = await guard.judge(
            self.site.state,
            self.request,
            self.proved.key.caller,
            bucket,
            action,
            key=key,
            acl=acl,
            writes=writes,
        )
        return decision.allowed

    async def bucket(
        self,
        name: str,
        action: str,
        *,
        key: str | None = None,
        writes: bool = False,
        elsewhere: bool = False,
    ) -> Bucket:
        """A bucket that the caller may do this with.

        `Refusal` 404 for those who may not even list it, as if there were none; 403. Unless it
        may be `elsewhere`, `InvalidBucketState` for one that is imported.
        """
        try:
            found = await buckets.load(self.site.state.engine, name, self.user)
        except S3Error:
            raise no_bucket(name) from None
        if await self.may(found, action, key=key, writes=writes):
            if not elsewhere:
                refuse_elsewhere(found)
            return found
        if await self.may(found, "s3:ListBucket"):
            raise forbidden(f"You may not do this with bucket {name} ({action}).")
        raise no_bucket(name)


def no_bucket(name: str) -> Refusal:
    return Refusal(404, "BucketNotFound", f"There is no bucket {name}.")


def _calling(connection: HTTPConnection) -> Calling:
    found: Calling = connection.scope[ENTRY]
    return found


Caller = Annotated[Calling, Depends(_calling)]
"""A parameter of a route: it has been authenticated before the route is chosen."""
