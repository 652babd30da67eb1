from __future__ import annotations

from holdall.server import tag_sets


def test_the_same_tags_are_the_same_document():
    one, other = {"a": "1", "b": "<2>"}, {"b": "<2>", "a": "1"}
    assert tag_sets.to_xml(one) == tag_sets.to_xml(other)
    assert tag_sets.from_xml(tag_sets.to_xml({"a": "1"}), 10) == {"a": "1"}


def test_what_policies_may_ask():
    assert tag_sets.condition_keys({}) == {}
    assert tag_sets.condition_keys({"Team": "blue", "b": ""}) == {
        "s3:RequestObjectTag/Team": "blue",
        "s3:RequestObjectTag/b": "",
        "s3:RequestObjectTagKeys": ("Team", "b"),
    }
