"""The table of commands: where each lives and its line in `holdall --help`.

The help is repeated here so that showing it imports no command; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """A command's module, which has a function named `command`, and its one-line help."""

    module: str
    help: str


def _entry(name: str, help: str) -> tuple[str, Entry]:
    return name, Entry(f"holdall.cli.commands.{name.replace('-', '_')}", help)


_IMPORT: Final = "holdall.cli.commands.import_"  # `import` is a word of Python's

COMMANDS: Final[Mapping[str, Entry]] = dict(
    (
        _entry("mb", "Make a bucket."),
        _entry("rb", "Remove a bucket."),
        _entry("ls", "List buckets, or what is in one."),
        _entry("tree", "Show directories as a tree, with what each holds."),
        _entry("find", "Find blobs by name, size and time."),
        _entry("cat", "Write blobs to standard output."),
        _entry("cp", "Copy files and blobs."),
        _entry("mv", "Move files and blobs."),
        _entry("sync", "Make one place as another."),
        _entry("mirror", "Make an exact copy, and verify it."),
        _entry("verify", "Compare two places, or a place and its manifest."),
        _entry("transfers", "List, resume and forget interrupted transfers."),
        _entry("rm", "Remove blobs."),
        _entry("stat", "Show what is known of a blob or a bucket."),
        _entry("du", "Show how much buckets hold."),
        _entry("tag", "Show, set and remove the tags of a blob."),
        _entry("versions", "List the revisions of a blob."),
        _entry("restore", "Make an old revision of a blob the newest one."),
        _entry("undo", "Take back the latest change of a blob."),
        _entry("check", "Look for damage in the store."),
        _entry("sweep", "Clear away what crashed writers left behind."),
        _entry("backup", "Copy the store while it is in use, or restore such a copy."),
        _entry("serve", "Serve a store to S3 clients."),
        _entry("env", "Print what a shell needs to reach a server."),
        _entry("login", "Remember a server and an access key."),
        _entry("cluster", "Name the places that hold buckets."),
        _entry("keys", "List, make and revoke access keys."),
        _entry("master-key", "List, replace and drop the keys that seal a server's secrets."),
        _entry("users", "List, make and delete users."),
        _entry("orgs", "List, make and change organisations."),
        _entry("share", "Share a bucket, or say whom it is shared with."),
        _entry("public", "Open a bucket to everybody, or close it."),
        _entry("sign", "Make an address that is good for a while."),
        _entry("creds", "Make temporary credentials."),
        ("import", Entry(_IMPORT, "Make a bucket at another provider known to a server.")),
        _entry("explain", "Say why somebody may or may not do something."),
        _entry("lifecycle", "Run the lifecycles of buckets at once."),
        _entry("events", "Follow what happens in buckets."),
        _entry("watch", "Follow what changes below a name."),
        _entry("demo", "Store a real folder tree, prove it is all there, and clean up."),
        _entry("bench", "Measure how fast a place is."),
        _entry("completion", "Print or install the completion script of a shell."),
    )
)
