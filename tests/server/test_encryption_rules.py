from __future__ import annotations

import pytest

from holdall.server import encryption_rules
from holdall.server.encryption_rules import DefaultEncryption


@pytest.mark.parametrize("bucket_key", [True, False])
def test_as_stored(bucket_key):
    found = DefaultEncryption("AES256", bucket_key)
    assert encryption_rules.from_xml(encryption_rules.to_xml(found)) == found
