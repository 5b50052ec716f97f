"""What a shell's script runs: its simple commands, word by word; nothing is carried out.

Of the shell's language are known: quotes, line continuations, comments, `;`, `&&`, `||`, `|`, `&`,
variables, arrays and functions that the script itself sets, its arguments, here-documents, files
that it writes or reads in. What depends on a condition or on a command's output is not sure.
Source: POSIX, "Shell Command Language", 2.9 to 2.14; Bash manual, "Shell Functions".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from .shell_values import Kept, Values
from .shell_words import MOST, Letters
from .words import Word, as_word, line_of

_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(\+?=)", re.ASCII)
_ELEMENT = re.compile(r"([A-Za-z_]\w*)\[", re.ASCII)
_FUNCTION = re.compile(
    r"(?:function[ \t]+([\w.:-]+)\s*(?:\(\s*\))?|([\w.:-]+)[ \t]*\(\s*\))\s*\{", re.ASCII
)
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_BEGIN = frozenset(("if", "for", "while", "until", "case", "select"))
_END = frozenset(("fi", "done", "esac"))
_BEFORE_COMMAND = frozenset(("then", "else", "elif", "do", "!", "time"))
_SETS = frozenset(("export", "declare", "local", "readonly", "typeset"))
_FILLS = frozenset(("read", "mapfile", "readarray", "getopts", "let"))
_SOURCES = frozenset((".", "source"))
_SHELLS = frozenset(("sh", "bash"))
_CALLS_WITHIN = 5
_PERHAPS = Word("…", sure=False, many=True)
"""What a list gets on a condition: any words, or none."""


class OnCondition(list[Word]):
    """A command that runs only on a condition."""


@dataclass
class Around:
    """What a script finds: variables, arguments (None where not known), and files by their path.

    A file whose text is not known is there with None; what a script writes is added.
    """

    variables: Mapping[str, str | None] = field(default_factory=dict)
    arguments: list[Word] | None = None
    files: dict[str, str | None] = field(default_factory=dict)


def commands(
    script: str, variables: Mapping[str, str | None], line: int = 0, around: Around | None = None
) -> list[list[Word]]:
    """Return the simple commands of a script, in the order they stand; `variables` are around it.

    Words of `line` are where the script's own line is not known.
    """
    return run(script, around or Around(variables), line)[0]


def run(script: str, around: Around, line: int = 0) -> tuple[list[list[Word]], set[str]]:
    """Return the simple commands of a script, and the names of the variables that it changes."""
    values = Values(around.variables, around.arguments, line)
    reader = _Script(script, values, line, _Shared(around.files))
    return [*reader.read(), *reader.read_uncalled()], values.touched


@dataclass
class _Shared:
    """What a script and its functions have in common."""

    files: dict[str, str | None]
    functions: dict[str, str] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    count: int = 0
    calls: int = 0


class _Script(Letters):
    """Reads a script's commands, and follows what they do to its variables."""

    def __init__(self, script: str, values: Values, line: int, shared: _Shared) -> None:
        super().__init__(script, values, line)
        self._shared = shared
        self._found: list[list[Word]] = []
        self._open: list[tuple[str, bool]] = []
        """What is not closed yet, and whether it runs only on a condition."""
        self._outside: list[Kept] = []
        self._before = "\n"
        self._until_end: set[str] = set()
        self._document_of: list[Word] = []
        self._locals: set[str] = set()

    def read(self, *, conditional: bool = False) -> list[list[Word]]:
        self._open = [("script", conditional)]
        while self.at < len(self.script) and self._shared.count < MOST:
            if not (self.draft or self.words) and (
                function := _FUNCTION.match(self.script, self.at)
            ):
                self._define(function)
            else:
                self.step()
        self.end_word()
        self.end_command("\n")
        return self._found

    def read_uncalled(self) -> list[list[Word]]:
        """Return the commands of functions that the script does not seem to call."""
        self.values.arguments = None
        found = []
        uncalled = [
            body for name, body in self._shared.functions.items() if name not in self._shared.called
        ]
        for body in uncalled:
            found += _Script(body, self.values, self.line, self._shared).read(conditional=True)
        return found

    def end_command(self, sign: str) -> None:
        words, self.words = self.words, []
        self._shared.count += len(words) + 1
        words = self._after_keywords(words)
        if self._conditional or self._hangs:
            self.values.forget(self.values.defaulted)
        self.values.defaulted.clear()
        assigned = 0
        while assigned < len(words) and _ASSIGNED.match(words[assigned].text):
            assigned += 1
        if assigned == len(words):
            self._assign(words)
        else:
            self._take(words[assigned:])
        self._file_written(words[assigned:])
        if sign == "(":
            self._open.append(("(", self._hangs))
            self._outside.append(self.values.kept())
        elif sign == ")" and self._open[-1][0] == "(":
            self._open.pop()
            self.values.restore(self._outside.pop())
        self._between(sign)

    def _between(self, sign: str) -> None:
        """Remember how the next command hangs on those before."""
        if sign in ("&&", "||"):
            self._before = "||" if "||" in (sign, self._before) else sign
        elif sign not in ("|", "(", ")"):
            self._before = sign
            self.values.forget(self._until_end)
            self._until_end = set()

    @property
    def _conditional(self) -> bool:
        return self._before == "||" or any(conditional for _, conditional in self._open)

    @property
    def _hangs(self) -> bool:
        return self._before in ("&&", "||")

    def _after_keywords(self, words: list[Word]) -> list[Word]:
        while words and (first := words[0].text) in _BEGIN | _END | _BEFORE_COMMAND | {"{", "}"}:
            if first in _BEGIN or first == "{":
                self._open.append((first, first != "{" or self._hangs))
            elif first in _END or first == "}":
                self._close(_BEGIN if first in _END else {"{"})
            if first in ("for", "select") and len(words) > 1:
                self.values.forget([words[1].text])
            if first in ("for", "select", "case"):
                return []
            words = words[1:]
        return words

    def _close(self, kinds: Set[str]) -> None:
        at = next((n for n in range(len(self._open) - 1, 0, -1) if self._open[n][0] in kinds), 0)
        if at:
            del self._open[at:]

    def _take(self, words: list[Word]) -> None:
        first, rest = words[0].text, words[1:]
        if first in _SETS:
            self._assign([word for word in rest if _ASSIGNED.match(word.text)])
            if first == "local":
                self._locals.update(word.text.partition("=")[0] for word in rest)
        elif first in _FILLS or (first == "printf" and rest and rest[0].text == "-v"):
            self.values.forget(name for word in rest for name in _NAME.findall(word.text))
        elif element := _ELEMENT.match(first):
            self.values.forget([element[1]])
        elif first in ("unset", "shift", "set"):
            self._change(first, rest)
        elif first in _SOURCES and rest:
            self._source(rest)
        elif first in self._shared.functions:
            self._call(first, rest)
        else:
            self._found.append(OnCondition(words) if self._conditional else words)

    def _change(self, first: str, rest: list[Word]) -> None:
        """Carry out `unset`, `shift` and `set`, of which nothing is sure on a condition."""
        unsure = self._conditional or self._hangs
        if first == "unset":
            for word in rest:
                self.values.forget([word.text]) if unsure else self.values.unset(word.text)
        elif unsure and (first == "shift" or any(word.text == "--" for word in rest)):
            self.values.arguments = None
        elif first == "shift":
            count = rest[0].text if rest else "1"
            self.values.shift(int(count) if count in "123456789" else MOST)
        elif rest and rest[0].text == "--":
            self.values.arguments = rest[1:]

    def _source(self, rest: list[Word]) -> None:
        """Read in another script: after one that is not known nothing is."""
        text = self._shared.files.get(rest[0].text)
        if text is not None and self._shared.calls < _CALLS_WITHIN:
            self._run_within(text, self._locals)
        elif not rest[0].text.endswith("/activate"):
            self.values.forget_all()

    def _call(self, name: str, arguments: list[Word]) -> None:
        self._shared.called.add(name)
        if self._shared.calls >= _CALLS_WITHIN:
            return
        kept, self.values.arguments = self.values.arguments, arguments
        own: set[str] = set()
        self._run_within(self._shared.functions[name], own)
        self.values.arguments = kept
        self.values.forget(own)

    def _run_within(self, text: str, own: set[str]) -> None:
        self._shared.calls += 1
        reader = _Script(text, self.values, line_of(text, self.line), self._shared)
        self._found += reader.read(conditional=self._conditional or self._hangs)
        own.update(reader._locals)
        self._shared.calls -= 1

    def _define(self, function: re.Match[str]) -> None:
        start = function.end() - 1
        self.at = self.closing(start, "{", "}")
        self._shared.functions[function[1] or function[2]] = self.part(start + 1, self.at - 1)

    def opens(self) -> bool:
        """Read `((…))`, which may change what its names stand for."""
        begins = all(word.text in _BEFORE_COMMAND | _BEGIN | {"{"} for word in self.words)
        if self.draft or not begins or not self.script.startswith("((", self.at):
            return False
        start, self.at = self.at, self.closing(self.at)
        self.values.forget(_NAME.findall(self.script[start : self.at]))
        return True

    def assign_list(self, words: list[Word], assigned: str) -> None:
        self._shared.count += len(words)
        if named := _ASSIGNED.match(assigned):
            before = self.values.get(named[1]) if named[2] == "+=" else []
            unset = not self.values.has(named[1])
            added = words if not self._conditional and not self._hangs else [_PERHAPS]
            known = None if before is None and not unset else [*(before or []), *added]
            self.values.set(named[1], known) if named[2] == "+=" else self._set(named[1], words)

    def _assign(self, words: list[Word]) -> None:
        for word in words:
            if named := _ASSIGNED.match(word.text):
                value = replace(word, text=word.text[named.end() :], many=False)
                before = self.values.get(named[1]) if named[2] == "+=" else None
                if before:
                    sure = value.sure and before[0].sure
                    value = replace(value, text=before[0].text + value.text, sure=sure)
                self._set(named[1], [value])

    def _set(self, name: str, words: list[Word] | None) -> None:
        """Let a variable stand for words; on a condition nothing is sure of it."""
        unsure = self._conditional or (words is not None and len(words) > MOST)
        self.values.set(name, None if unsure else words)
        if self._hangs:
            self._until_end.add(name)

    def _file_written(self, words: list[Word]) -> None:
        """Note which file a command writes, and who gets the here-documents of the line."""
        name = PurePosixPath(words[0].text).name if words else ""
        texts = [word.text for word in words[1:] if not word.text.startswith("-")]
        if name == "tee" and texts:
            self.written = texts[0]
        if self.written:
            self._shared.files[self.written] = None
        if name == "cp" and len(texts) == 2:
            self._shared.files[texts[1]] = self._shared.files.get(texts[0])
        elif name in ("sed", "mv", "envsubst"):
            self._shared.files.update(dict.fromkeys(texts, None))
        if self.expects_document and name in ("cat", "tee", *_SHELLS):
            self._document_of = [Word(name), Word("" if self.added else self.written)]
        self.written, self.added = "", False

    def take_document(self, text: str | None) -> None:
        getter, self._document_of = self._document_of, []
        if not getter or text is None:
            return
        if getter[0].text in _SHELLS:
            self._found.append([getter[0], Word("-c"), as_word(text)])
        elif getter[1].text and not self._conditional:
            self._shared.files[getter[1].text] = text
