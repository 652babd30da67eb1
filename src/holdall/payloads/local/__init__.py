"""Payloads as files in a folder of this machine, durable before they have their name.

staging/<random>       being written; its writer holds a lock on it
data/<2 hex>/<id>      finished, never changed; the low byte of the id's CRC-32 names
                       the folder, one of 256 that were made ahead of time
"""

from __future__ import annotations

from holdall.payloads.local.store import LocalPayloads as LocalPayloads
