from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdall.s3.errors import S3Error
from holdall.server.access.context import Context
from holdall.server.access.policies import Policy, Verdict, parse, parse_session
from holdall.server.access.resources import arn

from .people import BUCKET, EVERY, caller, document, policy, statement

OBJECTS = EVERY[1]
NOTHING = Context()


def verdict(found: Policy, action: str, key: str | None = None) -> Verdict | None:
    return found.verdict(caller(), action, arn(BUCKET, key), NOTHING)


def test_a_statement_counts_if_all_of_it_does() -> None:
    found = policy(
        statement(Sid="Read", Principal={"AWS": "carol"}, Action="s3:GetObject", Resource=OBJECTS)
    )
    assert verdict(found, "s3:GetObject", "a") == Verdict("Allow", "'Read'")
    assert verdict(found, "s3:GetObjectAcl", "a") is None
    assert verdict(found, "s3:GetObject") is None
    assert found.verdict(caller("bob"), "s3:GetObject", arn(BUCKET, "a"), NOTHING) is None


@pytest.mark.parametrize("order", [1, -1])
def test_a_denial_wins_wherever_it_stands(order: int) -> None:
    both = [statement(Sid="Yes"), statement("Deny", Action="s3:Delete*")][::order]
    found = policy(*both)
    label = "number 2" if order == 1 else "number 1"
    assert verdict(found, "s3:DeleteObject", "a") == Verdict("Deny", label)
    assert verdict(found, "s3:GetObject", "a") == Verdict("Allow", "'Yes'")


@pytest.mark.parametrize(
    ("listed", "action", "expected"),
    [
        ("s3:*", "s3:GetObject", True),
        ("*", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("s3:?etObject", "s3:GetObject", True),
        (["s3:PutObject", "s3:GetObject"], "s3:GetObject", True),
    ],
)
def test_actions(listed: Any, action: str, expected: bool) -> None:
    plain = policy(statement(Action=listed))
    inverted = policy(statement(NotAction=listed))
    assert (verdict(plain, action, "a") is not None) is expected
    assert (verdict(inverted, action, "a") is None) is expected


def test_not_resource_and_not_principal() -> None:
    found = policy(statement("Deny", NotResource=f"arn:aws:s3:::{BUCKET}/public/*"))
    assert verdict(found, "s3:GetObject", "public/a") is None
    assert verdict(found, "s3:GetObject", "private/a") is not None
    found = policy(statement("Deny", NotPrincipal={"AWS": "carol"}))
    assert verdict(found, "s3:GetObject", "a") is None
    assert found.verdict(caller("bob"), "s3:GetObject", arn(BUCKET, "a"), NOTHING) is not None


def test_conditions_must_hold() -> None:
    found = policy(statement(Condition={"StringEquals": {"s3:x-amz-acl": "private"}}))
    here = arn(BUCKET, "a")
    for value, expected in (("private", True), ("public-read", False)):
        said = found.verdict(caller(), "s3:PutObject", here, Context({"s3:x-amz-acl": value}))
        assert (said is not None) is expected


def test_variables_came_in_2012() -> None:
    said = statement(Resource=f"arn:aws:s3:::{BUCKET}/${{aws:username}}/*")
    alice = Context({"aws:username": "alice"})
    for version, key in (("2012-10-17", "alice/x"), ("2008-10-17", "${aws:username}/x")):
        found = policy(said, Version=version)
        assert found.verdict(caller(), "s3:GetObject", arn(BUCKET, key), alice) is not None
    assert policy(said, Version="2008-10-17").verdict(
        caller(), "s3:GetObject", arn(BUCKET, "alice/x"), alice
    ) is None  # fmt: skip


def test_what_is_left_over_of_all_actions_always_applies() -> None:
    found = policy(statement(NotAction="s3:ListBucket", Resource=OBJECTS))
    assert verdict(found, "s3:GetObject", "a") is not None


def test_without_a_version_it_is_the_old_one() -> None:
    found = json.loads(document(statement()))
    del found["Version"]
    assert parse(json.dumps(found).encode(), BUCKET).version == "2008-10-17"


def test_one_statement_need_not_be_listed() -> None:
    body = json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": statement()}).encode()
    assert len(parse(body, BUCKET).statements) == 1


def without(*names: str, **fields: Any) -> bytes:
    return document(
        {name: value for name, value in statement(**fields).items() if name not in names}
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Policies must be valid JSON and the first byte must be '{'"),
        (b"{", "This policy contains invalid Json"),
        (b"{}", "Missing required field Statement"),
        (document(), "Missing required field Statement"),
        (document(statement(), Version="2020-01-01"), "must contain a valid version string"),
        (document(statement(), Version=None), "must contain a valid version string"),
        (document(statement(), Version=["2012-10-17"]), "must contain a valid version string"),
        (document(statement(), Id=7), "Invalid policy syntax"),
        (document(statement(), Statment=[]), "Unknown field Statment"),
        (document(statement(Resources="*")), "Unknown field Resources"),
        (document(Statement="Allow"), "Invalid policy syntax"),
        (document(Statement=["Allow"]), "Invalid policy syntax"),
        (without("Effect"), "Missing required field Effect"),
        (document(statement("allow")), "Invalid effect: allow"),
        (document(statement(7)), "Invalid policy syntax"),  # type: ignore[arg-type]
        (without("Principal"), "Missing required field Principal"),
        (document(statement(Principal="carol")), "Invalid principal in policy"),
        (document(statement() | {"NotPrincipal": "*"}), "both Principal and NotPrincipal"),
        (without("Action"), "Missing required field Action"),
        (document(statement(Action="s3:GetObjekt")), "Policy has invalid action"),
        (document(statement(Action="GetObject")), "Policy has invalid action"),
        (document(statement(Action=["s3:GetObject", "ec2:*"])), "Policy has invalid action"),
        (document(statement(NotAction="s3:Nothing")), "Policy has invalid action"),
        (document(statement(Action=[])), "Policy has invalid action"),
        (document(statement() | {"NotAction": "s3:*"}), "both Action and NotAction"),
        (without("Resource"), "Missing required field Resource"),
        (document(statement(Resource="arn:aws:s3:::other/*")), "Policy has invalid resource"),
        (document(statement(Resource=7)), "Policy has invalid resource"),
        (document(statement() | {"NotResource": "*"}), "both Resource and NotResource"),
        (document(statement(Action="s3:GetObject", Resource=EVERY[0])), "Action does not apply"),
        (document(statement(Action="s3:ListBucket", Resource=OBJECTS)), "Action does not apply"),
        (document(statement(Action=["s3:GetObject", "s3:ListBucket"], Resource=OBJECTS)),
         "Action does not apply to any resource"),
        (document(statement(Condition={"Like": {"s3:prefix": "x"}})), "Invalid Condition type"),
        (document(statement(Condition=None)), "Invalid policy syntax"),
        (document(statement(Sid=7)), "Invalid policy syntax"),
        (document(statement(Sid="a"), statement(Sid="a")), "must be unique"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(body: bytes, message: str) -> None:
    with pytest.raises(S3Error) as caught:
        parse(body, BUCKET)
    assert (caught.value.code, caught.value.status) == ("MalformedPolicy", 400)
    assert message in caught.value.message


def test_statements_without_ids_are_told_apart() -> None:
    assert [each.label for each in policy(statement(), statement(Sid="")).statements] == [
        "number 1",
        "number 2",
    ]


def session(**fields: Any) -> bytes:
    said = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": OBJECTS} | fields
    return document(said)


def test_session_policies_speak_of_their_holder() -> None:
    found = parse_session(session())
    assert verdict(found, "s3:GetObject", "a") == Verdict("Allow", "number 1")
    parse_session(session(Action=["ec2:*", "s3:ListAllMyBuckets"], Resource="*"))
    with pytest.raises(S3Error, match="should not specify a principal"):
        parse_session(session(Principal="*"))
    with pytest.raises(S3Error, match="maximum allowed size of 2048"):
        parse_session(session(Sid="x" * 2048))


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=9)
    | st.sampled_from(["*", "Allow", "s3:*", "s3:GetObject", *EVERY, "2012-10-17", "${aws:x}"])
)
NAMES = st.text(max_size=5) | st.sampled_from([
    "Version", "Statement", "Effect", "Principal", "Action", "Resource", "Condition", "AWS",
    "StringLike", "IpAddress", "DateEquals", "Null", "s3:prefix", "aws:SourceIp", "Sid",
])  # fmt: skip
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good policy of which some fields are anything."""
    said: dict[str, Any] = statement(Condition={"StringLike": {"s3:prefix": "x"}})
    for name in draw(st.lists(st.sampled_from(sorted(said)), max_size=2)):
        said[name] = draw(ANYTHING)
    fields: dict[str, Any] = draw(st.dictionaries(NAMES, ANYTHING, max_size=1))
    return json.dumps({"Version": "2012-10-17", "Statement": [said]} | fields).encode()


@given(st.binary(max_size=200) | ANYTHING.map(lambda each: json.dumps(each).encode()) | damaged())
@example(b'{"Statement":{"Effect":"\\ud800"}}')
@example(b'{"Statement":{"Effect":"Allow","Principal":{"AWS":"\\udbff"}}}')
def test_any_bytes_are_a_policy_or_malformed(body: bytes) -> None:
    for found in (attempt(parse, body, BUCKET), attempt(parse_session, body)):
        if isinstance(found, S3Error):
            assert found.code == "MalformedPolicy"
            found.message.encode()  # it can be sent
        else:
            verdict(found, "s3:GetObject", "a")


def attempt(read: Callable[..., Policy], *arguments: object) -> Policy | S3Error:
    try:
        return read(*arguments)
    except S3Error as error:
        return error


def test_the_worst_policy_ends() -> None:
    listed = ["*?a*?b" + "c" * (at % 7) for at in range(1000)]
    said = statement("Deny", Condition={"StringLike": {"aws:Referer": listed}})
    found = policy(said)
    referer = Context({"aws:Referer": "a" * 8192})
    assert found.verdict(caller(), "s3:GetObject", arn(BUCKET, "a"), referer) is None
