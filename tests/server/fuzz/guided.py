"""Fuzzing that is guided by which lines of a reader an input reaches (Atheris, libFuzzer).

`python -m tests.server.fuzz.guided xml -runs=100000` in the root of the project. It ends with
a crash, and writes down the input, for whatever is not an S3 error.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["holdall.s3", "holdall.server"]):
    from .proper import reading
    from .readers import READERS


def main(name: str, *options: str) -> None:
    reader = READERS[name]
    atheris.Setup([sys.argv[0], *options], lambda data: reading(reader, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
