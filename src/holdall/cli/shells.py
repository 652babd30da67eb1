"""Completion scripts: they ask `holdall` itself, by Typer's protocol, what a line may go on as.

They are our own since Typer's break a word at its colons, as bash does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final


class Shell(Enum):
    """The shells that there is a script for."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@dataclass(frozen=True, slots=True)
class Script:
    """A script, and where a shell looks for it below the home or the XDG data directory."""

    text: str
    place: str
    note: str


# Of the formats that Typer answers in, fish's alone is plain: a value a line, a tab, its help.
_ASK: Final = "_HOLDALL_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=get-args"

_BASH: Final = f"""\
_holdall_complete() {{
    local line="${{COMP_LINE:0:COMP_POINT}}" word found strip=""
    word="${{line##*[[:space:]]}}"
    # For bash a word begins anew after a colon: what is before it must not be repeated.
    if [[ "$word" == *:* && "$COMP_WORDBREAKS" == *:* ]]; then
        strip="${{word%"${{word##*:}}"}}"
    fi
    COMPREPLY=()
    while IFS= read -r found; do
        found="${{found%%$'\\t'*}}"
        if [[ -n "$found" ]]; then COMPREPLY+=("${{found#"$strip"}}"); fi
    done < <({_ASK} _TYPER_COMPLETE_ARGS="$line" "$1" 2>/dev/null)
    # More may follow a scheme, a bucket and a directory.
    if [[ ${{#COMPREPLY[@]}} -eq 1 && "${{COMPREPLY[0]}}" == *[:/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}}
complete -o default -o nosort -F _holdall_complete holdall 2>/dev/null ||
    complete -o default -F _holdall_complete holdall
"""

_ZSH: Final = f"""\
#compdef holdall
_holdall() {{
    local found line="${{(j: :)words[1,CURRENT]}}"
    local -a values
    while IFS= read -r found; do
        if [[ -n "$found" ]]; then values+=("${{found%%$'\\t'*}}"); fi
    done < <({_ASK} _TYPER_COMPLETE_ARGS="$line" holdall 2>/dev/null)
    if (( ${{#values}} == 0 )); then
        _files
        return
    fi
    # More may follow a scheme, a bucket and a directory.
    compadd -Q -S '' -- ${{(M)values:#*[:/]}}
    compadd -Q -- ${{values:#*[:/]}}
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _holdall "$@"
else
    compdef _holdall holdall
fi
"""

_FISH: Final = f"""\
complete --command holdall --arguments \
"(env {_ASK} _TYPER_COMPLETE_ARGS=(commandline -cp) holdall 2>/dev/null)"
"""

SCRIPTS: Final[Mapping[Shell, Script]] = {
    Shell.BASH: Script(
        _BASH,
        "bash-completion/completions/holdall",
        "new shells find it where bash-completion is installed; elsewhere put this into ~/.bashrc:"
        ' eval "$(holdall completion bash)"',
    ),
    Shell.ZSH: Script(
        _ZSH,
        "zsh/site-functions/_holdall",
        "new shells find it if ~/.zshrc says, before compinit: fpath=({} $fpath)",
    ),
    Shell.FISH: Script(
        _FISH,
        "fish/vendor_completions.d/holdall.fish",
        "new shells find it",
    ),
}


def write(shell: Shell, data: Path) -> Path:
    """Put a shell's script below a data directory; where it then is."""
    place = data / SCRIPTS[shell].place
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(SCRIPTS[shell].text)
    return place
