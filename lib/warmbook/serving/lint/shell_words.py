"""The words of a shell's script: quotes, expansions, redirections and here-documents read.

What becomes of the words is said by who reads them (shell_script.py). Source: POSIX, "Shell Command
Language", 2.2 to 2.7; Bash manual, "Arrays" and "ANSI-C Quoting".
"""

from __future__ import annotations

import re
from dataclasses import replace

from ...limited_yaml import Text
from .shell_drafts import Document, Draft, after_bracket
from .shell_values import Values, calculated, expand
from .words import Word, inner_line

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_HEREDOC = re.compile(r"<<(-?)[ \t]*(['\"]?)([\w.-]+)\2")
_REDIRECTION = re.compile(r"[0-9]*(?:>>|>\||>&|<&|<>|<<<|&>>|&>|>|<)")
_FILLED_IN = re.compile(r"\{\{[^\n]*?\}\}|<[A-Za-z][\w -]*>")
"""What is replaced before a shell reads it: `{{ bucket }}`, `<bucket>`."""
_OPERATOR = re.compile(r"&&|\|\|?|;;?&?|[&()]")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
_SIGNS = re.compile(r"[;&|<>\n]|(?<!\$)\((?<!\$\(\()")
"""What a word within an expansion may hold, and no command's word."""
_DEEPEST = 8
"""Expansions within expansions."""
MOST = 2_000
"""Words of one script."""


class Letters:
    """Reads a script letter by letter; `words` are those of the command so far."""

    def __init__(self, script: str, values: Values, line: int, deep: int = 0) -> None:
        self.script, self.values, self.line, self.deep = script, values, line, deep
        self.at = 0
        self.words: list[Word] = []
        self.written, self.added = "", False
        self.draft: Draft | None = None
        self._documents: list[Document] = []

    def end_command(self, sign: str) -> None:
        """Take the words of a command, which ends with `sign`."""

    def assign_list(self, words: list[Word], assigned: str) -> None:
        """Take the words of `NAME=(…)`."""

    def take_document(self, text: str | None) -> None:
        """Take what a here-document holds, None where the shell changes it."""

    def opens(self) -> bool:
        """Read what begins with a bracket; say whether it did."""
        return False

    @property
    def expects_document(self) -> bool:
        """Whether a command of the line gets a here-document."""
        return bool(self._documents)

    def step(self) -> None:
        """Read on, by a letter at least."""
        letter = self.script[self.at]
        if letter in " \t\r":
            self.end_word()
            self.at += 1
        elif letter == "\n":
            self.end_word()
            self.end_command("\n")
            self.at += 1
            self._read_documents()
        elif letter == "#" and self.draft is None:
            self.at = self.next("\n", self.at)
        elif filled_in := _FILLED_IN.match(self.script, self.at):
            self.begin().add(filled_in[0])
            self.at = filled_in.end()
        elif redirected := self._redirection():
            self._redirect(redirected)
        elif letter == "(" and self.draft and "".join(self.draft.text).endswith("="):
            self._list()
        elif letter == "(" and self.opens():
            pass
        elif sign := _OPERATOR.match(self.script, self.at):
            self.end_word()
            self.at = sign.end()
            self.end_command(sign[0])
        else:
            self._letter(letter)

    def read_words(self) -> list[Word]:
        """Return all words, as of a list."""
        while self.at < len(self.script):
            if self.script[self.at] in "\n;&|()":
                self.end_word()
                self.at += 1
            else:
                self.step()
        self.end_word()
        return self.words

    def begin(self) -> Draft:
        """Return the word that is read, a new one after a space."""
        self.draft = self.draft or Draft(self.here())
        return self.draft

    def here(self) -> int:
        """Return the line in the file."""
        return inner_line(self.script, self.at, self.line)

    def part(self, start: int, end: int) -> Text:
        """Return a part of the script, which knows its line."""
        text = Text(self.script[start:end])
        text.line = inner_line(self.script, start, self.line)
        text.block = getattr(self.script, "block", False)
        return text

    def end_word(self) -> None:
        """Put the word that was read to the others."""
        if self.draft and self.draft.begun:
            self.words.append(self.draft.word())
        self.draft = None

    def next(self, letter: str, at: int) -> int:
        """Return the place of a letter from `at` on, else the end."""
        found = self.script.find(letter, at)
        return len(self.script) if found < 0 else found

    def closing(self, at: int, opening: str = "(", closing: str = ")") -> int:
        """Return where the bracket that opens at `at` is closed, and one more."""
        end = after_bracket(self.script, at, opening, closing, quotes=True)
        return end or after_bracket(self.script, at, opening, closing) or len(self.script)

    def _letter(self, letter: str) -> None:
        """Take what belongs to a word."""
        draft = self.begin()
        if letter == "\\":
            self._escaped(draft)
        elif letter == "'":
            end = self.next("'", self.at + 1)
            draft.add(self.script[self.at + 1 : end])
            self.at = end + 1
        elif letter == '"':
            self._quoted(draft)
        elif letter in "$`":
            self._dollar(draft, quoted=False)
        else:
            draft.add(letter)
            self.at += 1

    def _escaped(self, draft: Draft) -> None:
        following = self.script[self.at + 1 : self.at + 2]
        if following == "\r":
            self.at += 1
            following = "\n"
        if following != "\n":
            draft.add(following)
        elif not draft.begun:
            self.draft = None
        self.at += 2

    def _quoted(self, draft: Draft) -> None:
        begun, draft.begun = draft.begun, True
        draft.nothing = False
        self.at += 1
        while self.at < len(self.script) and (letter := self.script[self.at]) != '"':
            if letter == "\\" and self.script[self.at + 1 : self.at + 2] in tuple('$`"\\\n'):
                following = self.script[self.at + 1]
                draft.add("" if following == "\n" else following)
                self.at += 2
            elif letter in "$`":
                draft = self._dollar(draft, quoted=True)
            else:
                draft.add(letter)
                self.at += 1
        self.at += 1
        if draft.nothing and not draft.text:  # "$@" without arguments is no word
            draft.begun = begun

    def _dollar(self, draft: Draft, *, quoted: bool) -> Draft:
        """Put in what an expansion gives; return the word that goes on."""
        start, rest = self.at, self.script[self.at + 1 : self.at + 2]
        if self.script[start] == "`":
            self.at = self.next("`", start + 1) + 1
            return self._unknown(draft, start, many=not quoted)
        if rest == "(":
            return self._command_or_sum(draft, start, quoted=quoted)
        if rest == "'" and not quoted:
            return self._ansi(draft)
        if rest == "{":
            return self._braced(draft, start, quoted=quoted)
        if named := _NAME.match(self.script, start + 1):
            self.at = named.end()
            return self._put(draft, start, self.values.get(named[0]), quoted=quoted)
        self.at += 2 if rest and rest in "0123456789@*?#$!-" else 1
        if self.at == start + 1:
            draft.add("$")
            return draft
        value = self.values.get(rest) if rest in "123456789@*#" else None
        return self._put(draft, start, value, quoted=quoted, listed=rest == "@")

    def _command_or_sum(self, draft: Draft, start: int, *, quoted: bool) -> Draft:
        self.at = self.closing(start + 1)
        inside = self.script[start + 2 : self.at - 1]
        if not (inside.startswith("(") and inside.endswith(")")):
            return self._unknown(draft, start, many=not quoted)
        number = calculated(inside[1:-1], self.values)
        if number is None:
            return self._unknown(draft, start, many=False)
        return self._put(draft, start, [Word(number, draft.line)], quoted=quoted)

    def _braced(self, draft: Draft, start: int, *, quoted: bool) -> Draft:
        self.at = self.closing(start + 1, "{", "}")
        inside = self.script[start + 2 : self.at - 1]

        def read(word: str) -> list[Word] | None:
            # within quotes, these are kept in some places only
            if (quoted and "'" in word) or self.deep > _DEEPEST:
                return None
            if _SIGNS.search(_FILLED_IN.sub("", word)):
                return None
            return Letters(word, self.values, draft.line, self.deep + 1).read_words()

        words, listed = expand(inside, self.values, read)
        return self._put(draft, start, words, quoted=quoted, listed=listed)

    def _ansi(self, draft: Draft) -> Draft:
        """Read `$'…'`."""
        self.at += 2
        draft.begun = True
        while self.at < len(self.script) and (letter := self.script[self.at]) != "'":
            if letter == "\\":
                self.at += 1
                following = self.script[self.at : self.at + 1]
                draft.sure = draft.sure and following in _ESCAPED
                letter = _ESCAPED.get(following, following)
            draft.add(letter)
            self.at += 1
        self.at += 1
        return draft

    def _put(
        self,
        draft: Draft,
        start: int,
        value: list[Word] | None,
        *,
        quoted: bool,
        listed: bool = False,
    ) -> Draft:
        """Put words into the draft: one if quoted, several for a list or where a space divides."""
        if value is None or (not quoted and not self.values.splits):
            return self._unknown(draft, start, many=listed or not quoted)
        words = value
        if not quoted:
            words = [part for word in value for part in _divided(word)]
        elif not listed:
            words = [Word(" ".join(w.text for w in words), draft.line, all(w.sure for w in words))]
        if len(self.words) + len(words) > MOST:
            return self._unknown(draft, start, many=True)
        draft.nothing = draft.nothing or (quoted and not words)
        for number, word in enumerate(words):
            if number:
                self.end_word()
                draft = self.begin()
            if listed and not draft.text:
                draft.line = word.line or draft.line
            draft.add(word.text)
            draft.sure, draft.many = draft.sure and word.sure, draft.many or word.many
        return draft

    def _unknown(self, draft: Draft, start: int, *, many: bool) -> Draft:
        draft.many = draft.many or (many and not draft.text)
        draft.add(self.script[start : self.at])
        draft.sure = False
        return draft

    def _list(self) -> None:
        """Read `NAME=(…)` and `NAME+=(…)`."""
        name = "".join(self.draft.text) if self.draft else ""
        end = self.closing(self.at)
        inside = self.part(self.at + 1, max(self.at + 1, end - 1))
        words = Letters(inside, self.values, self.line, self.deep + 1).read_words()
        self.at, self.draft = end, None
        self.assign_list(words, name)

    def _redirection(self) -> str:
        """Return the redirection that begins here, "" for none."""
        letter = self.script[self.at]
        if letter not in "<>&0123456789" or (self.draft and letter not in "<>"):
            return ""
        found = _REDIRECTION.match(self.script, self.at)
        return found[0] if found else ""

    def _redirect(self, sign: str) -> None:
        self.end_word()
        if here := _HEREDOC.match(self.script, self.at):
            self._documents.append(Document(here[3], here[1] == "-", bool(here[2])))
            self.at = here.end()
            return
        self.at += len(sign)
        while self.script[self.at : self.at + 1] in (" ", "\t"):
            self.at += 1
        kept, self.words = self.words, []
        while self.at < len(self.script) and self.script[self.at] not in " \t\r\n;&|()<>":
            self._letter(self.script[self.at])
        target = self.draft.word() if self.draft else None
        self.draft, self.words = None, kept
        if target and target.sure and sign in (">", ">|", ">>"):
            self.written, self.added = target.text, sign == ">>"
        if self.script[self.at : self.at + 1] == "(":
            self.at = self.closing(self.at)

    def _read_documents(self) -> None:
        for document in self._documents:
            self._read_document(document)
        self._documents = []

    def _read_document(self, document: Document) -> None:
        begin = stop = self.at
        while self.at < len(self.script):
            stop, end = self.at, self.next("\n", self.at)
            line = self.script[self.at : end].rstrip("\r")
            self.at = end + 1
            if (line.lstrip("\t") if document.tabs else line).strip() == document.end:
                break
        text = self.part(begin, stop)
        changed = document.tabs or not (document.plain or not set("$`\\") & set(text))
        self.take_document(None if changed else text)


def _divided(word: Word) -> list[Word]:
    return [replace(word, text=part) for part in word.text.split()] if word.sure else [word]
