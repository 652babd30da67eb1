from __future__ import annotations

import pytest

from holdall.server import cors_rules
from holdall.server.cors_rules import Rule


@pytest.mark.parametrize(
    ("pattern", "origin", "covers"),
    [
        ("*", "anything", True),
        ("*", "", True),
        ("https://*.example.com", "https://a.example.com", True),
        ("https://*.example.com", "https://.example.com", True),
        ("https://*.example.com", "https://example.com", False),
        ("https://*.example.com", "https://a.example.com/", False),
        ("https://*.example.com", "http://a.example.com", False),
        ("aba*aba", "aba", False),
        ("aba*aba", "abaaba", True),
        ("*.com", "x.com", True),
        ("a*", "ab", True),
        ("a*", "ba", False),
        ("https://example.com", "https://example.com:443", False),
        ("https://example.com", "HTTPS://EXAMPLE.COM", False),
    ],
)
def test_origins(pattern, origin, covers):
    assert Rule((pattern,), ("GET",)).covers(origin, "GET", ()) is covers


@pytest.mark.parametrize("methods", [("GET",), ("GET", "PUT", "HEAD", "POST", "DELETE")])
def test_methods(methods):
    rule = Rule(("*",), methods)
    for method in cors_rules.METHODS:
        assert rule.covers("x", method, ()) is (method in methods)


def test_a_document():
    rules = (
        Rule(("a", ""), ("GET",), ("x-*",), ("ETag",), 0, "<id>"),
        Rule(("*",), ("PUT", "GET")),
    )
    assert cors_rules.from_xml(cors_rules.to_xml(rules)) == rules
