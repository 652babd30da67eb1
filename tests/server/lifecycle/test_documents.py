from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.s3.errors import S3Error
from holdall.server.lifecycle import documents
from holdall.server.lifecycle.rules import (
    Expiration,
    Filter,
    Lifecycle,
    NoncurrentExpiration,
    Rule,
    Transition,
)

DAYS = "<Expiration><Days>1</Days></Expiration>"


def document(*rules):
    return f"<LifecycleConfiguration>{''.join(rules)}</LifecycleConfiguration>".encode()


def rule(*, id="<ID>one</ID>", status="Enabled", filter="<Filter/>", actions=DAYS):
    return f"<Rule>{id}<Status>{status}</Status>{filter}{actions}</Rule>"


def only(**parts):
    return documents.from_xml(document(rule(**parts))).rules[0]


def filter_of(inside):
    return only(filter=f"<Filter>{inside}</Filter>").filter


def refused(body):
    with pytest.raises(S3Error) as caught:
        documents.from_xml(body)
    return caught.value.code


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("", Filter()),
        ("<Prefix/>", Filter(prefix="")),
        ("<Prefix>a/</Prefix>", Filter(prefix="a/")),
        ("<Tag><Key>k</Key><Value>v</Value></Tag>", Filter(tags=(("k", "v"),))),
        ("<ObjectSizeGreaterThan>0</ObjectSizeGreaterThan>", Filter(larger=0)),
        ("<ObjectSizeLessThan>9</ObjectSizeLessThan>", Filter(smaller=9)),
        (
            "<And><Prefix>a</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>"
            "<Tag><Key>l</Key><Value/></Tag><ObjectSizeGreaterThan>1</ObjectSizeGreaterThan>"
            "<ObjectSizeLessThan>3</ObjectSizeLessThan></And>",
            Filter("a", (("k", "v"), ("l", "")), 1, 3),
        ),
    ],
)
def test_filters(inside, expected):
    assert filter_of(inside) == expected


def test_the_prefix_of_a_rule_itself():
    assert only(filter="<Prefix>a</Prefix>").filter == Filter("a", is_legacy=True)


@pytest.mark.parametrize(
    "filter",
    [
        "",
        "<Filter/><Prefix/>",
        "<Filter/><Filter/>",
        "<Filter><Prefix>a</Prefix><ObjectSizeLessThan>1</ObjectSizeLessThan></Filter>",
        "<Filter><And><Prefix>a</Prefix></And></Filter>",
        "<Filter><And/></Filter>",
        "<Filter><And><Prefix>a</Prefix><Prefix>b</Prefix></And></Filter>",
        "<Filter><Suffix>a</Suffix></Filter>",
        "<Filter><Tag><Value>a</Value></Tag></Filter>",
        "<Filter><ObjectSizeLessThan>many</ObjectSizeLessThan></Filter>",
    ],
)
def test_malformed_filters(filter):
    assert refused(document(rule(filter=filter))) == "MalformedXML"


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (DAYS, {"expiration": Expiration(days=1)}),
        (
            "<Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>",
            {"expiration": Expiration(date=datetime(2030, 1, 1, tzinfo=UTC))},
        ),
        (
            "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
            {"expiration": Expiration(marker=True)},
        ),
        (
            "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
            "<NewerNoncurrentVersions>2</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
            {"noncurrent": NoncurrentExpiration(3, 2)},
        ),
        (
            "<AbortIncompleteMultipartUpload><DaysAfterInitiation>7</DaysAfterInitiation>"
            "</AbortIncompleteMultipartUpload>",
            {"abort": 7},
        ),
        (
            "<Transition><Days>0</Days><StorageClass>GLACIER_IR</StorageClass></Transition>"
            "<Transition><Days>90</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>",
            {"transitions": (Transition("GLACIER_IR", 0), Transition("DEEP_ARCHIVE", 90))},
        ),
        (
            "<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><StorageClass>"
            "STANDARD_IA</StorageClass></NoncurrentVersionTransition>",
            {"noncurrent_transitions": (Transition("STANDARD_IA", 30),)},
        ),
    ],
)
def test_actions(actions, expected):
    assert only(actions=actions) == Rule("one", True, Filter(), **expected)


@pytest.mark.parametrize(
    "actions",
    [
        "<Expiration/>",
        "<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>",
        "<Expiration><Days>1</Days>"
        "<ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
        "<Expiration><Days>1.5</Days></Expiration>",
        "<Expiration><Days/></Expiration>",
        "<Expiration><Date>Fri, 01 Jan 2016 00:00:00 GMT</Date></Expiration>",
        "<Expiration><Date>0001-01-01T00:00:00+14:00</Date></Expiration>",
        "<Expiration><ExpiredObjectDeleteMarker>yes</ExpiredObjectDeleteMarker></Expiration>",
        DAYS + DAYS,
        "<NoncurrentVersionExpiration/>",
        "<NoncurrentVersionExpiration><NewerNoncurrentVersions>1</NewerNoncurrentVersions>"
        "</NoncurrentVersionExpiration>",
        "<AbortIncompleteMultipartUpload/>",
        "<Transition><Days>1</Days></Transition>",
        "<Transition><StorageClass>GLACIER</StorageClass></Transition>",
        "<Transition><Days>1</Days><StorageClass>STANDARD</StorageClass></Transition>",
        "<Transition><Days>1</Days><StorageClass>FREEZER</StorageClass></Transition>",
        "<Explosion/>",
    ],
)
def test_malformed_actions(actions):
    assert refused(document(rule(actions=actions))) == "MalformedXML"


@pytest.mark.parametrize("status", ["enabled", "", "On"])
def test_malformed_states(status):
    assert refused(document(rule(status=status))) == "MalformedXML"


def test_a_disabled_rule():
    assert not only(status="Disabled").enabled


def test_rules_without_an_id_are_given_one():
    bare = rule(id="")
    first, second = documents.from_xml(document(bare, bare)).rules
    assert first.id
    assert first.id != second.id


def test_from_one_rule_to_a_thousand():
    many = [rule(id=f"<ID>{number}</ID>") for number in range(1001)]
    assert refused(document()) == "MalformedXML"
    assert len(documents.from_xml(document(*many[:1000])).rules) == 1000
    assert refused(document(*many)) == "InvalidRequest"


def test_the_least_size_that_moves():
    body = document(rule())
    assert documents.from_xml(body).minimum_size == "all_storage_classes_128K"
    varies = documents.from_xml(body, "varies_by_storage_class")
    assert varies.minimum_size == "varies_by_storage_class"
    with pytest.raises(S3Error) as caught:
        documents.from_xml(body, "tiny")
    assert caught.value.code == "InvalidRequest"


texts = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=20)
days = st.integers(1, 2**31 - 1)
sizes = st.tuples(st.integers(0, 10**9), st.integers(1, 10**6))


@st.composite
def filters(draw):
    if draw(st.booleans()):
        return Filter(draw(texts), is_legacy=True)
    larger, more = draw(sizes)
    return Filter(
        prefix=draw(st.none() | st.just("") | texts),
        tags=tuple(draw(st.dictionaries(texts, texts, max_size=3)).items()),
        larger=larger if draw(st.booleans()) else None,
        smaller=larger + more if draw(st.booleans()) else None,
    )


@st.composite
def rules(draw):
    filter = draw(filters())
    keep = None if filter.is_legacy else draw(st.none() | st.integers(1, 100))
    return Rule(
        draw(texts),
        draw(st.booleans()),
        filter,
        expiration=Expiration(days=draw(days)),
        noncurrent=draw(st.none() | st.builds(NoncurrentExpiration, days, st.just(keep))),
    )


@given(rules(), st.sampled_from(["all_storage_classes_128K", "varies_by_storage_class"]))
def test_what_is_stored_is_what_was_meant(rule, size):
    lifecycle = Lifecycle((rule,), size)
    assert documents.from_setting(documents.to_setting(lifecycle)) == lifecycle


@given(st.binary(max_size=200))
def test_any_bytes_are_rules_or_refused(body):
    with pytest.raises(S3Error):
        documents.from_xml(body)
