"""What a shell's script runs: the words that bash itself passes on."""

import subprocess

import pytest

from warmbook.serving.lint.shell_script import Around, commands
from warmbook.serving.lint.words import Word

ARGUMENTS = ["one", "two words"]

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
    'serve "$@" && serve $@ && serve "$*" $# "$1" "${2}" $3',
    'set -- a "b c"; serve "$@"; shift; serve "$@"; shift; serve "$@" x',
    'serve "${1:-x}" "${3:-y z}" ${3:-y z} "${9-w}"',
    'run() { serve "$1" "$#"; }; run "a b" c; run d',
    "function run { serve \"$@\"; }\nrun a\nrun 'b c'",
    "run() {\n  # it's a note with }\n  local X=1\n  serve $X\n}\nrun",
    'X=3; serve $((X * 2 + 1)) $(( $X / 2 )) $((7%${X})) $((-7/2)) "$((2*(3+4)))"',
    "X=abc; serve ${#X} ${X^^} ${X:1} ${X:0:2} ${X#a} ${X%c} ${X/b/Z} ${X//b/}",
    'X=gs://b/a/m; serve ${X##*/} "${X%/*}" ${X#*//}',
    'A=(x \'y z\'); serve ${#A[@]} ${A[@]} "${A[*]}" pre"${A[@]}"post',
    'A=(); serve "${A[@]}" x ${A[@]}',
    'A=(a b  # a note\n  c)\nserve "${A[@]}"',
    'X=; serve "${X:-d}" "${X-d}" ${X:+u} ${Y:+u} "${Y+u}" ${X:=e} $X',
    'X=v; serve ${X:+--flag $X} "${Y:-${X}w}" "${Y:-"$X z"}"',
    "false && X=1; serve a",
    "cd / && X=1 && serve $X",
    'X=1; [ -n "$X" ] && serve $X',
    'X="a b"; IFS_=1; serve $X; unset X; serve "${X:-gone}"',
    "serve $'a\\tb\\'c' a=$'x'",
    'serve --config=\'{"a": 1}\' {"b":2}',
    "X=1; X+=2; export X+=3; serve $X",
    "case a in a) serve a;; esac",
    'serve "${@:2}" ${@:1:1}; A=(a b c); serve "${A[@]:1}" "${A[@]:0:2}"',
    "cat > /dev/null <<-EOF\n\tserve no\n\tEOF\nserve yes",
    "serve a <<< 'serve b'; serve c",
    "serve a;serve b&\nwait; ! serve c",
    'A=1; (A=2; set -- x; serve $A "$@"); serve $A "$@"',
    "if true; then serve a; fi; while false; do :; done; serve b",
    "(serve a; serve b); { serve c; }",
    "X=one; f() { serve $X $Y; }; Y=two; f",
    "serve a \\\r\n  b\r\n".replace("\\\r\n", "\\\n").replace("\r\n", "\n"),
]


def served(script, around=None):
    found = commands(script, {}, around=around)
    plain = [[one.text for one in words if one.text != "exec"] for words in found]
    return [words[1:] for words in plain if words[:1] == ["serve"]]


@pytest.mark.parametrize("script", SCRIPTS)
def test_words_are_those_that_bash_passes_on(script):
    shown = 'serve() { printf "%s\\0" "$@" >&3; printf "\\n\\0" >&3; }; exec() { "$@"; }\n'
    words = ["bash", "-c", f"{shown}{{ {script}\n}} 3>&1 >/dev/null", "name", *ARGUMENTS]
    told = subprocess.run(words, capture_output=True, text=True, timeout=20).stdout
    wanted = [call.removesuffix("\0").split("\0") for call in told.split("\n\0") if call]
    found = served(script, Around({}, [Word(one) for one in ARGUMENTS]))
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
        '[ -n "$X" ] && A=1; serve $A',
        "A=1; false || A=2; serve $A",
        "[ x ] && { A=1; B=2; }; serve $A",
        "A=1; [ x ] && A=2; serve $A",
        "A=1; ((A++)); serve $A",
        "A=1; for i in 1 2; do ((A=3)); done; serve $A",
        "if (( A = 3 )); then x; fi; serve ${A:-1}",
        "[ x ] || : ${A:=1}; serve ${A:-2}",
        "if x; then : ${A:=1}; fi; serve ${A:-2}",
        "A=1; let A=2; serve $A",
        "A=1; read A; serve $A",
        "A=1; printf -v A x; serve $A",
        "A=1; . ./env.sh; serve $A",
        "source ./env.sh; serve ${A:-1}",
        "f() { serve $1; }",
        "while [ $# -gt 0 ]; do shift; done; serve $1",
        "serve ${1:-x}",
        "serve ${@:2}",
        "A=1; . ./env.sh; serve ${A}",
        "serve $((A + 1))",
        "serve $((1 << 70))",
        "serve $((2 ** 70))",
        "serve $((1 / 0))",
        "A=08; serve $((A + 1))",
        "serve ${!A}",
        "A=(a b); A[0]=c; serve $A",
        "IFS=,; A=a,b; serve $A",
        "f() { local A=2; }; A=1; f; serve $A",
        "serve ${A:-$(date)}",
        "A=x; serve ${A/[a-z]/y}",
    ],
)
def test_words_that_the_script_does_not_determine_are_unknown(script):
    ((_, word),) = [one for one in commands(script, {}) if one and one[0].text == "serve"]
    assert not word.sure


GROWING = [
    "${A:-" * 9000,
    "serve ${A:-" * 500 + "}" * 500,
    "f() { g; g; }; g() { h; h; }; h() { f; f; }; f; f",
    "A=($A $A);" * 3000,
    "A=(" * 3000,
    "((" * 5000,
    "{ " * 9000,
    "serve $((" + "(" * 3000 + "1" + ")" * 3000 + "))",
    "a() {" * 3000,
]


@pytest.mark.parametrize(
    "script", ["A=$A$A;" * 200, "serve ${" * 9000, "'" * 5001, '"$(`${', "<<", *GROWING]
)
def test_any_script_is_read_in_time(script):
    assert commands("A=xxxxxxxxxxxxxxxxxxxx; " + script, {}) is not None


def test_a_written_file_is_known_until_it_is_changed():
    around = Around()
    write = "cat > /tmp/a <<'EOF'\nserve x\nEOF\n"
    commands(
        f"{write}cp /tmp/a /tmp/b\necho y >> /tmp/a; tee /tmp/c <<EOF\n$X\nEOF\n", {}, 0, around
    )
    assert around.files == {"/tmp/a": None, "/tmp/b": "serve x\n", "/tmp/c": None}


def test_variables_set_by_another_script_are_known():
    around = Around(files={"/etc/env.sh": "export MODEL=m; TP=2"})
    ((_, *words),) = commands(". /etc/env.sh && serve $MODEL $TP", {}, 0, around)
    assert [(word.text, word.sure) for word in words] == [("m", True), ("2", True)]


def test_a_list_keeps_what_is_sure_where_more_may_be_added():
    script = 'A=(a b); [ -n "$X" ] && A+=(c); if y; then A+=(d); fi; serve "${A[@]}"'
    (*_, (_, *words)) = commands(script, {})
    assert [word.text for word in words if word.sure] == ["a", "b"]
    assert [word.many for word in words] == [False, False, True, True]
