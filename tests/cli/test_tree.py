"""tree: drawing, counting, and very deep keys."""

from __future__ import annotations

from pathlib import Path

from holdall.cli.trees import Tree
from tests.cli.conftest import Holdall

SIZE = 256_000


def test_drawn_with_what_each_directory_holds(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree, bucket)
    assert holdall("tree", bucket).lines == [
        "blob:docs",
        "└── tree/  (4 files, 256,009 bytes)",
        "    ├── empty  (0 bytes)",
        "    ├── hollow/  (0 files, 0 bytes)",
        "    ├── one.txt  (4 bytes)",
        "    └── sub/  (2 files, 256,005 bytes)",
        "        ├── b #?%.bin  (256,000 bytes)",
        "        └── deep/  (1 file, 5 bytes)",
        "            └── ü  (5 bytes)",
        "4 directories, 4 files, 256,009 bytes",
    ]


def test_what_is_below_the_level_is_counted_all_the_same(
    holdall: Holdall, bucket: str, tree: Path
) -> None:
    holdall("cp", "-r", tree, bucket)
    assert holdall("tree", bucket, "-L", "2").lines[-3:] == [
        "    ├── one.txt  (4 bytes)",
        "    └── sub/  (2 files, 256,005 bytes)",
        "4 directories, 4 files, 256,009 bytes",
    ]
    assert holdall("tree", bucket, "-L", "0").code == 2


def test_json_is_a_document_a_line(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", "-r", tree / "sub", f"{bucket}/s")
    root, blob, deep, inner = holdall("tree", f"{bucket}/s", "--json").documents
    assert (root["uri"], root["files"], root["directories"]) == ("blob:docs/s/", 2, 1)
    assert (blob["type"], blob["key"], blob["size"]) == ("blob", "s/b #?%.bin", SIZE)
    assert (deep["type"], deep["key"], deep["depth"]) == ("directory", "s/deep/", 1)
    assert inner["depth"] == 2


def test_nothing_there(holdall: Holdall, bucket: str, tree: Path) -> None:
    assert holdall("tree", bucket).lines == ["blob:docs", "0 directories, 0 files, 0 bytes"]
    holdall("cp", tree / "one.txt", f"{bucket}/one.txt")
    assert holdall("tree", f"{bucket}/one.txt").code == 3
    assert holdall("tree", f"{bucket}/none").code == 3


def test_as_it_stood_then(holdall: Holdall, bucket: str, tree: Path) -> None:
    holdall("cp", tree / "one.txt", f"{bucket}/a")
    written = holdall("stat", f"{bucket}/a", "--json").json["modified_at"]
    holdall("rm", f"{bucket}/a")
    assert holdall("tree", bucket, "--at", written).lines[1] == "└── a  (4 bytes)"


def test_a_key_deeper_than_pythons_stack() -> None:
    tree, path = Tree(), ""
    for _ in range(3000):
        path += "d/"
        tree.add_directory(path)
    tree.add_blob(f"{path}x", 7)
    assert (tree.root.directories, tree.root.files, tree.root.size) == (3000, 1, 7)
    assert [twig.depth for twig in tree.drawn()] == list(range(1, 3002))


def test_a_blob_and_the_directory_of_its_name() -> None:
    tree = Tree()
    tree.add_blob("foo", 1)
    tree.add_directory("foo/")
    tree.add_blob("foo/", 2)  # a blob with bytes, whose name ends with a slash
    tree.add_blob("foo/bar", 4)
    assert [(twig.path, twig.branch.size) for twig in tree.drawn()] == [
        ("foo", 1),
        ("foo/", 6),
        ("foo/", 2),
        ("foo/bar", 4),
    ]
