"""What a shell's script runs: the words that bash itself passes on."""

import subprocess

import pytest

from warmbook.serving.lint.shell_script import commands

SCRIPTS = [
    "serve a 'b c' \"d e\" f\\ g",
    "serve a \\\n  b",
    "X=1; serve $X ${X}2 \"$X\" '$X' ${Y:-z}",
    "true && exec serve a || serve b",
    "A=(a 'b c'); A+=(d); serve \"${A[@]}\"",
    'W="a b"; serve $W "$W"',
    "cat <<EOF >/dev/null\nserve no\nEOF\nserve yes",
    "# serve no\nserve yes # and no more",
    "serve a 2>/dev/null >>/dev/null b",
    "{ serve a; }; (serve b)",
    'serve "a\\"b" \'{"k":1}\'',
    "serve a | cat",
    "export X=5; serve $X",
]


def served(script):
    plain = [[one.text for one in words if one.text != "exec"] for words in commands(script, {})]
    return [words[1:] for words in plain if words[:1] == ["serve"]]


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_are_those_that_bash_passes_on(script):
    shown = 'serve() { printf "%s\\0" "$@" >&3; printf "\\n\\0" >&3; }; exec() { "$@"; }\n'
    words = ["bash", "-c", f"{shown}{{ {script}\n}} 3>&1 >/dev/null"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=20).stdout
    wanted = [call.strip("\0").split("\0") for call in told.split("\n\0") if call]
    found = served(script)
    if "||" in script:  # bash runs only the first
        found = found[:1]
    assert found == wanted


@pytest.mark.parametrize(
    "script",
    [
        "serve $(date)",
        "serve `date`",
        'serve "$UNKNOWN"',
        "serve $1",
        "if x; then A=1; fi; serve $A",
        "for A in 1 2; do serve $A; done",
        "A=$(date); serve $A",
    ],
)
def test_what_the_script_does_not_tell_is_not_sure(script):
    ((_, word),) = [one for one in commands(script, {}) if one and one[0].text == "serve"]
    assert not word.sure


@pytest.mark.parametrize("script", ["A=$A$A;" * 200, "serve ${" * 9000, "'" * 5001, '"$(`${', "<<"])
def test_any_script_is_read_in_time(script):
    assert commands("A=xxxxxxxxxxxxxxxxxxxx; " + script, {}) is not None
