"""Which lines of a text have the form of code, and the stretches that they make. Arrays over all lines, never a loop over them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import re2

from scangate.domain.content import Span
from scangate.matching.decoded import Octets, Source, octet_class
from scangate.matching.offsets import Mask, Positions

_GAP: Final = 4
"""Lines that prove nothing (blank, comments, closing words) between two lines of code of one stretch, at most."""
_DENSE: Final = 0.2
"""Share of signs that prose does not reach."""
_SHORT: Final = 3
_PROSE_WORDS: Final = 4


def latin1() -> re2.Options:
    """Options for patterns over bytes, one byte one character."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    return options


_SIGNS_BYTES: Final = b"{}()[];=<>$\\|&*+/^~#@_\"'%`:"
_SIGNS: Final = octet_class(_SIGNS_BYTES)
_BLANK_BYTES: Final = b" \t\r\n\x0b\x0c"
_BLANK: Final = octet_class(_BLANK_BYTES)
_CLOSERS_BYTES: Final = b";{}"
_CLOSERS: Final = octet_class(_CLOSERS_BYTES)
_CLOSER_MARKS: Final = (b";", b"{", b"}")
_COMMENT: Final = octet_class(b"#/*'-:;<!")
_IN_DIFF: Final = octet_class(b"+- @\\\r\n")

_COMMANDS: Final = (
    "sudo|curl|wget|chmod|chown|apt(?:-get)?|yum|dnf|pip3?|npm|npx|git|docker|kubectl|systemctl|mkdir|rm|cp|mv|tar|ssh|scp|cat|echo|"
    "export|source|nc|ncat|socat|bash|sh|zsh|python[23]?|perl|php|ruby|node|powershell(?:\\.exe)?|pwsh|cmd(?:\\.exe)?|certutil|"
    "bitsadmin|mshta|rundll32|regsvr32|reg|schtasks|wmic|net|sc|taskkill|vssadmin|cscript|wscript|crontab|openssl|dd|find|xargs|"
    "sed|awk|grep|iptables|useradd|base64|nohup|eval|exec"
)
_STRONG: Final = re2.compile(
    (
        r"(?m)^[ \t>+$#-]*(?:"
        # declarations and statements of the usual languages
        r"(?:async\s+)?def \w+\s*\(|class \w+\s*[:({]|import [\w.{*]+(?: as \w+)?(?:\s*,[^.\n]*)?\s*;?\r?$|import [\w.*{} ,]+ from ['\"]|"
        r"from [\w.]+ import [\w*(]|@\w+(?:\.\w+)*(?:\(|\r?$)|"
        r"(?:if|elif|while|for|with|try|except|else|finally)\b[^\n]{0,200}:\r?$|(?:return|yield|raise|throw|await) ?[\w({\['\"$][^\n]*[;)]?\r?$|"
        r"(?:export |async |default )*function\b[\s*\w$]*\(|(?:const|let|var) [\w$\[{][^\n]*=|"
        r"(?:\} ?)?(?:if|for|foreach|while|switch|catch|elseif|else if|else) ?\(.*|\}?\s*(?:else|do|try|finally) ?\{|"
        r"(?:public|private|protected|internal|static|final|abstract|override|virtual|sealed|unsafe|extern|fn|func|pub|impl|struct|enum|interface|namespace|package|using|#include|#define|#!/|<\?php|<%|<script|<\?=)\b?[^\n]*[;{(>=/\w]\r?$|"
        r"#!/|<\?php|<%@?|<script|"
        # Ruby and Lua
        r"def (?:self\.)?\w+[?!=]?(?:\s*\([^\n]*\))?\r?$|class [A-Z]\w*(?: < [\w:]+)?\r?$|module [A-Z][\w:]*\r?$|attr_(?:reader|writer|accessor) :|"
        r"require(?:_relative)? ['\"]|[^\n]*[\w)\]] do \|[^|\n]+\|\r?$|(?:rescue|ensure)\b(?: [A-Z][\w:]*)?(?: => \w+)?\r?$|puts (?:[\"':\[(@#]|\w+[.(\[])|"
        r"(?:describe|context|namespace|task|it|loop)\b[^\n]* do\r?$|elsif |local (?:function )?\w+(?:, ?\w+)*\s*(?:=|\()|function [\w.:]+\s*\(|"
        r"(?:if|elseif|while) [^\n]* (?:then|do)\r?$|if [^\n]* then [^\n]* end\r?$|for \w+(?:, ?\w+)* in [^\n]*\) do\r?$|for \w+ ?= ?[^\n]* do\r?$|"
        # Kotlin, Swift, Scala, Go, Rust, R
        r"(?:(?:override|suspend|private|public|protected|internal|inline|operator|open|fileprivate|mutating|static|final|pub|lazy|implicit|lateinit|const|@\w+)(?:\(\w+\))? )*"
        r"(?:fun (?:<[^>\n]*> )?[\w.]+\s*\(|func \w+[(<]|func \([^)\n]*\) \w+\(|fn \w+[(<]|(?:val|var|let)(?: mut)? [\w, ()]+\s*(?::\s*[\w\[<(&?][^\n]*|=[^=][^\n]*|by [^\n]*)$|"
        r"def \w+(?:\[[^\]\n]*\])?\s*[(:=]|(?:data|sealed|case|abstract|open|enum|inner|annotation|value|final)(?: case)? (?:class|interface|object|trait)\b|"
        r"(?:object|trait|extension|protocol) [A-Z]\w*\b[^\n.]*(?:[\[{(:]|extends [^\n]*|\r?$))|"
        r"(?:if|for|while|match|switch|loop|select|guard|when|func|type \w+)\b[^\n]*\{\r?$|case [\w.\"'(_][^\n]* => ?[^\n]*$|case [\w.\"'(][^\n]*:\r?$|(?:_|else) -> |"
        r"\w+(?:, ?\w+)* := \S|type [A-Z]\w* (?:struct|interface|func|=)|defer \w|go (?:func|\w[\w.]*)\(|\w+\s+[\w.*\[\]]+\s+`\w+:\"[^`\n]*`\r?$|#!?\[\w+|\w+!\([^\n]*|"
        r"[\w.$\[\]\"',]+ <- \S|(?:library|require)\(\w+\)|[^\n]*(?:%>%|\|>|\) \+)\r?$|\} yield |"
        # PowerShell
        r"\$[\w:{}]+(?:\.\w+|\[[^\]\n]*\])*\s*[-+*/|.]?=|(?i:param\s*\(|\[\w+(?:\.\w+)*(?:\[\])?\]\$?\w*|[A-Z][a-z]+-[A-Z]\w+(?: |\r?$)|(?:begin|process|end)\s*\{)|"
        # BASIC and batch
        r"(?i:dim \w+|set \w+\s*=|(?:private |public )?sub \w+|end (?:sub|if|function)|on error |option explicit|next\r?$|loop\b|@?echo (?:off|on)|@echo |rem |goto \w+|setlocal|if (?:not )?exist |for /[fldr] |%%\w|call :?\w+|:\w+\r?$)|"
        # Perl, PHP, shell
        r"(?:use|require|my|our|local|sub) [\w$@%:'\"(]+[^\n]*[;{=]\r?$|(?:fi|done|esac|then|do)\r?$|(?:if|elif|while) \[|for \w+ in |case [^\n]+ in|\w+\(\)\s*\{|[A-Z_][A-Z0-9_]*=\S|"
        r"(?:"
        + _COMMANDS
        + r")(?:\s+(?:[-/][\w?]|['\"$./~&|>]|[\w.-]+[/.=:@]|\S+\s+[-/|&>])[^\n]*|[^\n]*(?: \| | && | > ?[/\w.&]|>>)[^\n]*)\r?$"
        r")"
    ).encode(),
    options=latin1(),
)
_ASSIGNMENT: Final = re2.compile(
    rb"(?m)^[ \t+-]*[\w$@%.\[\]'\"():>-]{1,60} ?(?:[-+*/|&.:?]|<<|>>)?= ?[^=\s][^\n]*$|^[ \t+-]*[\w$.:>-]{1,80}\([^\n]*\)\s*;?\s*(?:[{]|(?:#|//)[^\n]*)?\r?$|^[ \t+-]*\w+\.\w+ [\"'][^\n]*$",
    options=latin1(),
)
_HUNK: Final = re2.compile(rb"(?m)^(?:@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|diff --git |Index: \S)", options=latin1())
_DIFF_HEAD: Final = re2.compile(
    rb"(?m)^(?:diff |index [0-9a-f]+\.\.|--- \S|\+\+\+ \S|@@ |new file mode|deleted file mode|old mode|new mode|similarity index|rename (?:from|to)|Index: |={20,}$)",
    options=latin1(),
)
_WORDS: Final = re2.compile(
    rb"(?m)^[^\n]*[\w\xff,]+ [\w\xff,]+ [\w\xff,]+ [\w\xff,]+ [\w\xff,]+[^\n]*[.?!:\xff]\r?$", options=latin1()
)


@dataclass(frozen=True, slots=True, eq=False)
class CodeLines:
    """The lines of a text: where they begin and end (without the line end), and what each looks like."""

    starts: list[int]
    ends: list[int]
    code: Mask
    neutral: Mask
    """Lines that prove nothing either way."""
    diff: Mask
    _filled_sums: list[int]
    _code_sums: list[int]

    @classmethod
    def of(cls, source: Source) -> CodeLines:
        octets = source.octets
        breaks = np.flatnonzero(octets == 10)
        starts = np.concatenate(([0], breaks + 1))
        ends = np.concatenate((breaks, [len(octets)]))
        visible = ~_BLANK[octets]
        seen = _per_line(visible, starts)
        filled = seen > 0
        firsts, lasts = _edges(visible, starts, ends)
        signs = _per_line(_SIGNS[octets], starts)
        words = _per_line(octets == 32, starts) + 1
        first, last = _octets_at(octets, firsts), _octets_at(octets, lasts)
        dense = (signs >= np.maximum(2, _DENSE * seen)) & (seen > _SHORT)
        strong = _hits(_STRONG, source.data, starts) | (_CLOSERS[last] & (signs > 1))
        loose = _hits(_ASSIGNMENT, source.data, starts) if filled.any() else filled
        indented = firsts - starts >= 2
        # of other lines nobody asks whether they are prose: in a text of nothing else, those are nearly all
        asked = filled & (words > _PROSE_WORDS) & (strong | dense | loose | indented) & ~_CLOSERS[last]
        prose = _prose(source.data, starts, ends, asked)
        code = filled & ((strong & (~prose | dense)) | ((dense | loose) & ~prose))
        neutral = ~code & (~filled | (seen <= _SHORT) | _COMMENT[first] | (indented & ~prose) | ((words < _PROSE_WORDS) & ~prose))
        diff = _diff_lines(source, starts)
        sums = (np.concatenate(([0], np.cumsum(mask))).tolist() for mask in (filled, code))
        return cls(starts.tolist(), ends.tolist(), code, neutral, diff, *sums)

    def count(self, span: Span) -> tuple[int, int]:
        """Lines of a span that are not blank, and those among them that look like code."""
        if span.end <= span.start:
            return 0, 0
        first, last = self._range(span)
        return self._filled_sums[last] - self._filled_sums[first], self._code_sums[last] - self._code_sums[first]

    def _range(self, span: Span) -> tuple[int, int]:
        """The lines that a span touches, half-open; at least one."""
        first = bisect_right(self.starts, span.start) - 1
        return first, max(first + 1, bisect_left(self.starts, span.end))

    def stretches(self, taken: Sequence[Span]) -> Iterator[tuple[Span, bool]]:
        """Spans of whole lines that belong together as code, and whether as a diff; by place. None touches a line of `taken`."""
        free = np.ones(len(self.code), np.bool_)
        for span in taken:
            first, last = self._range(span)
            free[first:last] = False
        chosen = np.flatnonzero((self.code | self.diff) & free)
        if not len(chosen):
            return
        # two lines of code belong together where only a few lines that prove nothing stand between them
        proving = np.concatenate(([0], np.cumsum(~(self.neutral & free))))
        between = proving[chosen[1:]] - proving[chosen[:-1] + 1]
        apart = (between > 0) | (chosen[1:] - chosen[:-1] > _GAP + 1) | (self.diff[chosen[1:]] != self.diff[chosen[:-1]])
        heads = np.concatenate(([0], np.flatnonzero(apart) + 1))
        tails = np.concatenate((np.flatnonzero(apart), [len(chosen) - 1]))
        for head, tail in zip(chosen[heads].tolist(), chosen[tails].tolist(), strict=True):
            yield Span(self.starts[head], self.ends[tail]), bool(self.diff[head])


def is_plain(data: bytes) -> bool:
    """Whether no line of a text can look like code or a diff: what `CodeLines` would find out, without its tables."""
    for line in data.split(b"\n"):
        signs = len(line) - len(line.translate(None, _SIGNS_BYTES))
        if signs > 1 and (
            signs >= _DENSE * len(line.translate(None, _BLANK_BYTES)) or line.rstrip(_BLANK_BYTES)[-1:] in _CLOSER_MARKS
        ):
            return False
    return not any(expression.search(data) is not None for expression in (_STRONG, _ASSIGNMENT, _HUNK))


def _per_line(mask: Mask, starts: Positions) -> Positions:
    """How many of the characters of each line are in the mask (a line end counts with its line)."""
    # the last line may be empty, where reduceat would have nothing to add up
    padded = np.append(mask.view(np.uint8), np.uint8(0))
    counts: Positions = np.add.reduceat(padded, starts, dtype=np.int64)
    return counts


def _edges(visible: Mask, starts: Positions, ends: Positions) -> tuple[Positions, Positions]:
    """Places of the first and the last visible character of each line; its end and start where there is none."""
    places = np.flatnonzero(visible)
    if not len(places):
        return ends, starts
    after = np.searchsorted(places, starts)
    firsts = np.minimum(places[np.minimum(after, len(places) - 1)], ends)
    firsts = np.where(after < len(places), firsts, ends)
    before = np.searchsorted(places, ends) - 1
    lasts = np.maximum(places[np.maximum(before, 0)], starts)
    return firsts, np.where(before >= 0, lasts, starts)


def _octets_at(octets: Octets, at: Positions) -> Octets:
    if not len(octets):
        return np.full(len(at), 10, np.uint8)
    return np.where(at < len(octets), octets[np.minimum(at, len(octets) - 1)], 10).astype(np.uint8)


def _hits(expression: re2._Regexp, data: bytes, starts: Positions) -> Mask:
    """Which lines an expression that begins with ^ matches."""
    mask = np.zeros(len(starts), np.bool_)
    places = [match.start() for match in expression.finditer(data)]
    if places:
        mask[np.searchsorted(starts, places, "right") - 1] = True
    return mask


def _prose(data: bytes, starts: Positions, ends: Positions, asked: Mask) -> Mask:
    """Which of the lines asked for have the form of a sentence."""
    mask = np.zeros(len(starts), np.bool_)
    for line in np.flatnonzero(asked).tolist():
        mask[line] = _WORDS.search(data[starts[line] : ends[line]]) is not None
    return mask


def _diff_lines(source: Source, starts: Positions) -> Mask:
    """Lines of unified diffs: heads of files and hunks, and what follows them with the mark of a diff."""
    mask = np.zeros(len(starts), np.bool_)
    if _HUNK.search(source.data) is None:
        return mask
    heads = _hits(_DIFF_HEAD, source.data, starts)
    marked = heads | _IN_DIFF[_octets_at(source.octets, starts)]
    # of each run of marked lines, what stands from its first head on
    run = np.cumsum(~marked)
    seen = np.cumsum(heads)
    at_run_start = np.zeros(int(run[-1]) + 2, np.int64)
    opens = np.flatnonzero(np.concatenate(([True], ~marked[:-1])) | ~marked)
    at_run_start[run[opens]] = np.where(opens > 0, seen[np.maximum(opens - 1, 0)], 0)
    return marked & (seen > at_run_start[run])
