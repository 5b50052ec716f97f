"""What a shell's script runs: its simple commands, word by word; nothing is carried out.

Of the shell's language are known: quotes, line continuations, comments, `;`, `&&`, `||`, `|`, `&`,
variables and arrays that the script itself sets, here-documents, redirections. What depends on a
condition, a command's output or an argument is not sure. Source: POSIX, "Shell Command Language",
2.2 to 2.10; Bash manual, "Arrays" and "ANSI-C Quoting".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .words import Word, inner_line, is_open

_NAME = re.compile(r"[A-Za-z_]\w*")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)(\+?=)", re.ASCII)
_BRACED = re.compile(r"\{(#?[A-Za-z_]\w*|[0-9@*?#$!-])(\[[@*]\])?[^}]*\}")
_HEREDOC = re.compile(r"<<(-?)\s*(['\"]?)([\w.-]+)\2")
_REDIRECTION = re.compile(r"[0-9]*(?:>>|>\||>&|<&|<>|<<<|&>>|&>|>|<)")
_FILLED_IN = re.compile(r"\{\{[^\n]*?\}\}|<[A-Za-z][\w -]*>")
"""What is replaced before a shell reads it: `{{ bucket }}`, `<bucket>`."""
_BEGIN = frozenset(("if", "for", "while", "until", "case", "select"))
_END = frozenset(("fi", "done", "esac"))
_BEFORE_COMMAND = frozenset(("then", "else", "elif", "do", "{", "}", "!", "time", "function"))
_SETS = frozenset(("export", "declare", "local", "readonly", "typeset"))
_LONGEST = 10_000
_MOST = 2_000
"""Words of one script, with what its variables stand for."""

Values = dict[str, "list[Word] | None"]
"""Variables of a script: the words that each stands for, None where that is not known."""


@dataclass
class _Draft:
    """A word while its letters are read."""

    line: int
    text: list[str] = field(default_factory=list)
    sure: bool = True
    many: bool = False
    begun: bool = False

    def add(self, text: str) -> None:
        self.text.append(text)
        self.begun = True

    def word(self) -> Word:
        text = "".join(self.text)[:_LONGEST]
        return Word(text, self.line, self.sure and not is_open(text), self.many)


def commands(script: str, variables: Mapping[str, str | None], line: int = 0) -> list[list[Word]]:
    """Return the simple commands of a script, in the order they stand; `variables` are around it.

    Words of `line` are where the script's own line is not known.
    """
    values: Values = {
        name: None if value is None else [Word(value, line, not is_open(value))]
        for name, value in variables.items()
    }
    return _Script(script, values, line).read()


class _Script:
    def __init__(self, script: str, values: Values, line: int) -> None:
        self._script, self._values, self._line = script, values, line
        self._at = self._depth = self._count = 0
        self._heredocs: list[tuple[str, bool]] = []
        self._found: list[list[Word]] = []
        self._words: list[Word] = []
        self._draft: _Draft | None = None

    def read(self) -> list[list[Word]]:
        while self._at < len(self._script) and self._count < _MOST:
            self._step()
        self._end_command()
        return self._found

    def _step(self) -> None:
        letter = self._script[self._at]
        if letter in " \t\r":
            self._end_word()
            self._at += 1
        elif letter == "\n":
            self._end_command()
            self._at += 1
            self._skip_heredocs()
        elif letter == "#" and self._draft is None:
            self._at = self._next("\n", self._at)
        elif filled_in := _FILLED_IN.match(self._script, self._at):
            self._begin().add(filled_in[0])
            self._at = filled_in.end()
        elif redirected := self._redirection():
            self._redirect(redirected)
        elif letter == "(" and self._draft and "".join(self._draft.text).endswith("="):
            self._array()
        elif letter in ";&|()":
            self._end_command()
            self._at += 1
        else:
            self._letter(letter)

    def _letter(self, letter: str) -> None:
        """Take what belongs to a word."""
        draft = self._begin()
        if letter == "\\":
            following = self._script[self._at + 1 : self._at + 2]
            if following == "\r":
                self._at += 1
                following = "\n"
            if following != "\n":
                draft.add(following)
            elif not draft.begun:
                self._draft = None
            self._at += 2
        elif letter == "'":
            end = self._next("'", self._at + 1)
            draft.add(self._script[self._at + 1 : end])
            self._at = end + 1
        elif letter == '"':
            self._quoted(draft)
        elif letter in "$`":
            self._dollar(draft, quoted=False)
        else:
            draft.add(letter)
            self._at += 1

    def _quoted(self, draft: _Draft) -> None:
        draft.begun = True
        self._at += 1
        while self._at < len(self._script) and (letter := self._script[self._at]) != '"':
            if letter == "\\" and self._script[self._at + 1 : self._at + 2] in tuple('$`"\\\n'):
                following = self._script[self._at + 1]
                draft.add("" if following == "\n" else following)
                self._at += 2
            elif letter in "$`":
                draft = self._dollar(draft, quoted=True)
            else:
                draft.add(letter)
                self._at += 1
        self._at += 1

    def _dollar(self, draft: _Draft, *, quoted: bool) -> _Draft:
        """Put in what a variable stands for; return the word that goes on."""
        start = self._at
        if self._script[start] == "`":
            self._at = self._next("`", start + 1) + 1
            return self._unknown(draft, start, many=not quoted)
        rest = self._script[start + 1 : start + 2]
        if rest == "(":
            self._at = self._closing(start + 1)
            return self._unknown(draft, start, many=not quoted)
        if rest == "'" and not quoted:
            self._at += 1
            return draft
        if rest == "{" and (braced := _BRACED.match(self._script, start + 1)):
            self._at = self._closing(start + 1, "{", "}")
            return self._variable(draft, start, braced, quoted=quoted)
        if named := _NAME.match(self._script, start + 1):
            self._at = named.end()
            return self._put(draft, start, self._values.get(named[0]), quoted=quoted)
        self._at += 2 if rest and rest in "0123456789@*?#$!-" else 1
        if self._at == start + 1:
            draft.add("$")
            return draft
        return self._unknown(draft, start, many=rest in "@*")

    def _variable(
        self, draft: _Draft, start: int, braced: re.Match[str], *, quoted: bool
    ) -> _Draft:
        name, every = braced[1], braced[2]
        rest = self._script[start + 2 + len(name) + len(every or "") : self._at - 1]
        value = self._values.get(name)
        if rest.startswith((":-", ":=", "-", "=")) and name not in self._values:
            otherwise = rest.lstrip(":")[1:].strip("\"'")
            value = [Word(otherwise, draft.line, not is_open(otherwise))]
        elif rest and not rest.startswith((":-", ":=", "-", "=", ":?", "?")):
            value = None
        return self._put(draft, start, value, quoted=quoted and not every)

    def _put(self, draft: _Draft, start: int, value: list[Word] | None, *, quoted: bool) -> _Draft:
        if value is None:
            return self._unknown(draft, start, many=not quoted)
        words = value
        if len(value) == 1 and not quoted and value[0].sure:
            words = [replace(value[0], text=part) for part in value[0].text.split()]
        if quoted:
            words = [Word(" ".join(w.text for w in words), draft.line, all(w.sure for w in words))]
        for number, word in enumerate(words):
            if number:
                self._end_word()
                draft = self._begin()
            draft.add(word.text)
            draft.sure, draft.many = draft.sure and word.sure, draft.many or word.many
        return draft

    def _unknown(self, draft: _Draft, start: int, *, many: bool) -> _Draft:
        draft.many = draft.many or (many and not draft.begun)
        draft.add(self._script[start : self._at])
        draft.sure = False
        return draft

    def _array(self) -> None:
        """Read `NAME=(…)` and `NAME+=(…)`."""
        named = _ASSIGNED.match("".join(self._draft.text)) if self._draft else None
        end = self._closing(self._at)
        inside = self._script[self._at + 1 : max(self._at + 1, end - 1)].replace("\n", " ")
        found = _Script(inside, dict(self._values), self._here()).read()
        self._at, self._draft = end, None
        if named:
            words = [word for command in found for word in command]
            before = (self._values.get(named[1]) or []) if named[2] == "+=" else []
            self._set(named[1], [*before, *words])

    def _redirection(self) -> str:
        """Return the redirection that begins here, "" for none."""
        letter = self._script[self._at]
        if letter not in "<>&0123456789" or (self._draft and letter not in "<>"):
            return ""
        found = _REDIRECTION.match(self._script, self._at)
        return found[0] if found else ""

    def _redirect(self, sign: str) -> None:
        self._end_word()
        if here := _HEREDOC.match(self._script, self._at):
            self._heredocs.append((here[3], here[1] == "-"))
            self._at = here.end()
            return
        self._at += len(sign)
        while self._script[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1
        kept, self._words = self._words, []
        while self._at < len(self._script) and self._script[self._at] not in " \t\r\n;&|()<>":
            self._letter(self._script[self._at])
        self._draft, self._words = None, kept
        if self._script[self._at : self._at + 1] == "(":
            self._at = self._closing(self._at)

    def _skip_heredocs(self) -> None:
        for end, tabs in self._heredocs:
            while self._at < len(self._script):
                stop = self._next("\n", self._at)
                line = self._script[self._at : stop].rstrip("\r")
                self._at = stop + 1
                if (line.lstrip("\t") if tabs else line).strip() == end:
                    break
        self._heredocs = []

    def _begin(self) -> _Draft:
        self._draft = self._draft or _Draft(self._here())
        return self._draft

    def _here(self) -> int:
        return inner_line(self._script, self._at, self._line)

    def _end_word(self) -> None:
        if self._draft and self._draft.begun:
            self._words.append(self._draft.word())
            self._count += 1
        self._draft = None

    def _end_command(self) -> None:
        self._end_word()
        words, self._words = self._words, []
        words = self._after_keywords(words)
        assigned = 0
        while assigned < len(words) and _ASSIGNED.match(words[assigned].text):
            assigned += 1
            if assigned == len(words):
                self._assign(words[:assigned])
        if assigned < len(words):
            self._take(words[assigned:])

    def _after_keywords(self, words: list[Word]) -> list[Word]:
        while words and (first := words[0].text) in _BEGIN | _END | _BEFORE_COMMAND:
            self._depth += (first in _BEGIN) - (first in _END)
            if first in ("for", "select") and len(words) > 1:
                self._values[words[1].text] = None
            if first in ("for", "select", "case"):
                return []
            words = words[1:]
        return words

    def _take(self, words: list[Word]) -> None:
        if words[0].text in _SETS:
            self._assign([word for word in words[1:] if _ASSIGNED.match(word.text)])
        elif words[0].text == "read":
            self._values.update(dict.fromkeys((word.text for word in words[1:]), None))
        else:
            self._found.append(words)

    def _assign(self, words: list[Word]) -> None:
        for word in words:
            if named := _ASSIGNED.match(word.text):
                value = replace(word, text=word.text[named.end() :], many=False)
                before = self._values.get(named[1])
                if named[2] == "+=" and before:
                    value = replace(value, text=before[0].text + value.text)
                self._set(named[1], [value])

    def _set(self, name: str, words: list[Word]) -> None:
        """Let a variable stand for words; within a condition nothing is sure of it."""
        self._values[name] = None if self._depth > 0 or len(words) > _MOST else words

    def _next(self, letter: str, at: int) -> int:
        found = self._script.find(letter, at)
        return len(self._script) if found < 0 else found

    def _closing(self, at: int, opening: str = "(", closing: str = ")") -> int:
        """Return where the bracket that opens at `at` is closed, and one more."""
        depth = 0
        for place in range(at, len(self._script)):
            depth += (self._script[place] == opening) - (self._script[place] == closing)
            if depth == 0:
                return place + 1
        return len(self._script)
