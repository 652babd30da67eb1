"""Those who speak S3, and how much of it each does: `capabilities` for an `S3Backend`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from holdall.core.values import Capabilities

AWS: Final = Capabilities(
    numbered=False,
    time_travel=False,
    atomic_move=False,
    one_winner=False,
    small_parts=False,
    joined_checksums=False,
    described_listings=False,
    kept_usage=False,
    signed_urls=True,
    credentials=True,
    any_bucket_name=False,
    bucket_ids=False,
)
"""Amazon S3, of which everything else that speaks S3 has a part."""

HOLDALL: Final = AWS
"""Our own server, which takes S3's requests as Amazon does."""

SEAWEED: Final = replace(
    AWS,
    any_key=False,
    nested_keys=False,  # keys are paths in a tree of directories
    suspension=False,  # a marker that is made meanwhile stays for ever
    uploads_end=False,  # parts of one that is over are taken, and never seen again
    public_access=False,
    credentials=False,  # there is none that heeds a policy
    lasting_readings=False,  # a bucket goes with the volumes that are being read
)
"""SeaweedFS."""

MOTO: Final = replace(
    AWS,
    versions=False,  # some are listed wrongly, and forgotten once they are suspended
    conditional_put=False,  # it looks and then writes, and others come in between
    conditional_copy=False,
    conditional_delete=False,
    uploads=False,  # an upload answers to any key, and one that is over ends in an error
    credentials=False,  # it gives out some that reach everything
    any_key=False,  # none that begins with a line feed
)
"""moto, which stands in for Amazon in tests."""
