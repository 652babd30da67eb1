"""A plan as it is printed, the same whether it is carried out or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from holdall.cli.output import Output
from holdall.cli.printable import shown_name
from holdall.transfer.steps import Step, Verb


def teller(output: Output) -> Callable[[Step], None]:
    """Prints each step but those that leave something alone."""

    def tell(step: Step) -> None:
        if step.verb is not Verb.SKIP:
            output.result(_fields(step), _line(step))

    return tell


def _line(step: Step) -> str:
    return f"{step.verb.value:<7} {shown_name(step.relative or './')}  ({step.reason})"


def _fields(step: Step) -> dict[str, Any]:
    return {
        "step": step.verb,
        "name": step.relative,
        "size": step.size,
        "reason": step.reason,
    }
