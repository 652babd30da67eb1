"""The runner of examples finds wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from .examples import (
    Block,
    Command,
    ExampleFailed,
    blocks,
    code,
    commands,
    matches,
    overlooked,
    run_page,
)

PAGE = """# A page

Some `inline` code.

```python
a = 1
```

```console
$ echo one
one
$ true
```

```text
not run
```
"""


def test_blocks_are_found_with_their_language_and_line() -> None:
    assert list(blocks(PAGE)) == [
        Block("python", "a = 1\n", 6),
        Block("console", "$ echo one\none\n$ true\n", 10),
        Block("text", "not run\n", 16),
    ]


def test_a_longer_fence_holds_a_shorter_one() -> None:
    [block] = blocks("````text\n```python\n1 / 0\n```\n````\n")
    assert block.text == "```python\n1 / 0\n```\n"


@pytest.mark.parametrize(
    "page",
    [
        "- item\n\n  ```python\n  a\n  ```\n",
        "> ```console\n> $ a\n> ```\n",
        "~~~python\na\n~~~\n",
        "```sh\na\n```\n",
        "```python\na\n",
    ],
)
def test_an_example_that_would_not_be_run_is_told(page: str) -> None:
    assert overlooked(PAGE + page) != []


def test_nothing_else_is_told() -> None:
    assert overlooked(PAGE + "````text\n```sh\n~~~\n```\n````\n") == []


def test_code_leaves_the_prose_out() -> None:
    assert code("The word Client, `Bucket` and\n```\nBlob\n```\n").split() == ["Blob", "Bucket"]


def test_commands_are_split_from_what_they_print() -> None:
    block = Block("console", "$ echo a\na\n\nb\n$ one \\\n  two\n", 1)
    assert list(commands(block)) == [Command("echo a", "a\n\nb\n"), Command("one   two", "")]


def test_a_console_block_without_a_command_is_an_error() -> None:
    with pytest.raises(ExampleFailed):
        list(commands(Block("console", "holdall ls\n", 1)))


@pytest.mark.parametrize(
    ("documented", "printed"),
    [
        ("", ""),
        ("one\n", "one"),
        ("one\n", "one  \n\n"),
        ("took … ms", "took 12 ms\n"),
        ("…", ""),
        ("first\n…\nlast", "first\n1\n2\nlast\n"),
        ("first\n…", "first\n"),
        ("a.b", "a.b\n"),
    ],
)
def test_what_matches(documented: str, printed: str) -> None:
    assert matches(documented, printed)


@pytest.mark.parametrize(
    ("documented", "printed"),
    [
        ("", "surprise\n"),
        ("one", "two\n"),
        ("one", "one\ntwo\n"),
        ("one\ntwo", "one\n"),
        ("took … ms", "took 12\nms\n"),
        ("first\n…\nlast", "first\n"),
        ("a.b", "a-b\n"),
    ],
)
def test_what_does_not_match(documented: str, printed: str) -> None:
    assert not matches(documented, printed)


def test_blocks_share_names_and_a_folder_and_may_await(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = """
```python
import asyncio
from pathlib import Path
name = "a.txt"
```
```python
await asyncio.sleep(0)
Path(name).write_text("kept")
```
```console
$ cat a.txt
kept
```
"""
    assert run_page("page", page, tmp_path) == 3


def test_a_home_of_its_own(tmp_path: Path) -> None:
    assert run_page("page", f"```console\n$ echo $HOME\n{tmp_path}\n```\n", tmp_path) == 1


@pytest.mark.parametrize(
    ("page", "error"),
    [
        ("```python\nassert 1 == 2\n```\n", AssertionError),
        ("```python\nawait nothing()\n```\n", NameError),
        ("```python\nimport\n```\n", SyntaxError),
        ("```console\n$ echo two\none\n```\n", ExampleFailed),
        ("```console\n$ exit 3\n```\n", ExampleFailed),
        ("```console\n$ true\n$ no-such-program\n…\n```\n", ExampleFailed),
    ],
)
def test_a_wrong_example_fails(page: str, error: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(error):
        run_page("page", page, tmp_path)


def test_a_python_failure_names_the_line_of_the_page(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_page("page.md", "# Title\n\n```python\na = 0\n1 / a\n```\n", tmp_path)
    last = caught.traceback[-1]
    assert (str(last.path).rpartition("/")[2], last.lineno + 1) == ("page.md", 5)


def test_commands_that_install_are_not_run(tmp_path: Path) -> None:
    page = "```console\n$ pip install no-such-thing\nanything\n$ make nonsense\n```\n"
    assert run_page("page", page, tmp_path) == 1
