from __future__ import annotations

import itertools

import pytest

from holdall.server import encryption_rules
from holdall.server.encryption_rules import DefaultEncryption


@pytest.mark.parametrize(
    ("bucket_key", "blocks_customers"), list(itertools.product([True, False], repeat=2))
)
def test_as_stored(bucket_key, blocks_customers):
    found = DefaultEncryption("AES256", bucket_key, blocks_customers)
    assert encryption_rules.from_xml(encryption_rules.to_xml(found)) == found
