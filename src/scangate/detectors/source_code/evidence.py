"""What a block of code says for and against being source code, as numbers. No decision here: `scoring` weighs them.

Source code defines, calls and branches. Configuration names values, a log repeats a time, a transcript repeats a prompt, markup is tags,
prose ends in full stops: each of these has a form of its own, and the share of lines in that form counts against.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import re2

from scangate.inference.code_language import canonical
from scangate.inference.code_markers import marker_scores
from scangate.matching.code_blocks import BlockKind, CodeBlock, patched

MAX_READ: Final = 4096
"""Characters of a block that are looked at: what is longer is what its beginning is."""
_MARKERS_READ: Final = MAX_READ

SOURCE_LANGUAGES: Final = frozenset(
    [
        "python",
        "javascript",
        "typescript",
        "powershell",
        "vbscript",
        "batch",
        "shell",
        "perl",
        "php",
        "csharp",
        "java",
        "c",
        "cpp",
        "go",
        "rust",
        "ruby",
        "lua",
        "kotlin",
        "swift",
        "dart",
        "elixir",
        "erlang",
        "groovy",
        "haskell",
        "julia",
        "ocaml",
        "r",
        "scala",
        "solidity",
        "tcl",
        "zig",
        "matlab",
        "asm",
        "clojure",
        "fortran",
        "objectivec",
        "pascal",
        "prolog",
        "cobol",
        "verilog",
        "vhdl",
        "vue",
    ]
)
"""Languages of programs. SQL, markup, styles, data, configuration, logs and build files are none."""
_NO_SOURCE_HINTS: Final = frozenset(
    ("json", "yaml", "toml", "ini", "xml", "html", "log", "text", "css", "scss", "dockerfile", "makefile", "hcl", "sql")
)
_TRANSCRIPT_HINTS: Final = frozenset(("console", "terminal", "shell-session", "output", "plaintext", "txt", "log", "pycon"))


def _latin1() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    return options


_LINES: Final = {
    # a definition, a branch, an assignment of a computed value, a call, an import
    "definitions": (
        r"(?:(?:export|default|async|public|private|protected|internal|static|final|abstract|override|virtual|inline|extern|unsafe|pub(?:\(\w+\))?|const|constexpr|"
        r"suspend|open|data|sealed|local|my|our)[ \t]+)*(?:def|function|func|fn|fun|sub|class|struct|enum|interface|trait|impl|namespace|module|package|procedure|type|record|object|"
        r"data class|sealed class|case class|case object|enum class|protocol|extension|mod|func \([^)\n]*\)|"
        r"void|int|long|char|double|float|bool|boolean|auto|string|String|var|let|val|const|unsigned|size_t|uint\d+_t|int\d+_t)\b[ \t*&]+[\w$:<>,~*& .]+[ \t]*[({=:;]|"
        r"def (?:self\.)?\w+[?!]?$|class [A-Z]\w*(?: < [\w:]+)?$|module [A-Z][\w:]*$|attr_(?:reader|writer|accessor) :|(?:type|object|trait) [A-Z]\w*(?:\[[^\]\n]*\])? (?:struct|interface|extends|with)\b|"
        r"fun interface |def \w+(?:\[[^\]\n]*\])?[(:=]|local function \w|local \w+(?:, ?\w+)*[ \t]*=|function [\w.:]+\(|#!?\[\w+[^\n]*\]$|[\w.]+ <- function\(|"
        r"function[ \t]*\(|\w+[ \t]*\(\)[ \t]*\{|param[ \t]*\(|(?i:(?:private |public )?(?:sub|function) \w+|dim \w+|end (?:sub|function|if))|@\w+(?:\.\w+)*(?:\(|$)|#[ \t]*(?:include|define|ifdef|ifndef|pragma|endif)\b|template[ \t]*<"
    ),
    "branches": (
        r"[} \t]*(?:if|elif|elsif|elseif|else if|else|for|foreach|while|switch|case|try|catch|except|finally|unless|until|do|when|match|repeat|begin|process|end)\b[^.?!\n]*(?:[:{]|then|do|\))$|(?:if|for|while|switch|match|guard|when)\b[^\n]*\{$|case [^\n]*(?::|=>|->)|(?:_|else) [-=]> |[^\n]* do \|[^|\n]+\|$|"
        r"(?:rescue|ensure|elsif|defer)\b|if [^\n]* then\b|for [^\n]* do$|"
        r"(?:fi|done|esac|end|then|do|else)\b[; \t]*$|(?:return|break|continue|yield|raise|throw|goto|await|exit|die|defer|panic!?)\b[^.?!\n]*;?$|"
        r"(?i:if (?:not )?(?:exist|defined|errorlevel|\"?%)|goto :?\w+|for /[fldr] |if .* then$|next$|wend$|loop$|on error )|if \[|[\])}]+[;,)]*$"
    ),
    "imports": (
        r"(?:import [\w.{*\"'(]|from [\w.]+ import |#include|using [\w.]+;|use [\w:\\]+|require(?:_once)?[ \t(]|package [\w.]+;?$|const \w+ = require\(|library\(|source |\. \./|Import-Module |mod \w+;|extern crate )"
    ),
    "assignments": (
        r"\w+(?:, ?\w+)* := \S|[\w.$\[\]\"',]+ <- [\w.\"-]|"
        r"(?:[\w.$@%:>\[\]\"'-]|->)+(?:[ \t]*:[ \t]*[\w<>\[\], |&*]+)?[ \t]*(?:[-+*/|&^%.?]|<<|>>|:|\?\?|\|\||&&)?=[ \t]*(?:[\w.$@:>\[\]-]*[\w\])$]\(|\[|\{|new |await |function|\(|\$|@|-?\w+(?:\[|\.\w|[ \t]*[-+*/%|&<>])|[frbu]?[\"'][^\n]*[\"'][ \t]*[.+%]|[\"'`][^\n]*;$|\w+;$|lambda|not |`)"
    ),
    "calls": (
        r"(?:await |return |yield |echo |print |! ?|@|&|-|\$\w+ ?= ?)*[\w.$@:>\\\[\]\"'!?*-]*\w[!?]?[ \t]?\([^\n]*\)?[;,{)]*(?:[ \t]*(?:#|//)[^\n]*)?$|\.\w+\([^\n]*$|[A-Z][a-z]+-[A-Z]\w+\b[^.?!\n]*$"
    ),
    "statements": r"[^\n]*[;{}]$",
    "comments": r"(?:#|//|/\*|\*|--|;|'|(?i:rem\b)|<#|#>|=\w+|<!--|\"\"\"|''')",
    # forms that are no source
    "prompts": r"(?:[\w.@~:/\\\[\]() -]{0,60}[\w\])~]?[$#%>][ \t]+\S|\$ \S|PS [A-Z]:[^>\n]*>|[A-Z]:\\[^>\n]*>|>>> |\.\.\. |In \[\d+\]:|Out\[\d+\]:|mysql> |sqlite> |\w+=[#>] )",
    "logs": (
        r"(?:[\[(]?\d{4}[-/.]\d\d[-/.]\d\d[T ,]|[\[(]?\d\d[:.]\d\d[:.]\d\d|\[?\d\d/(?:\d\d|[A-Z][a-z]{2})/\d{2,4}|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[ \t]+\d|"
        r"[<\[(]?(?:DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|TRACE|CRITICAL|debug|info|warn|error)[>\])]?[:[ \t]|]|\d+\.\d+\.\d+\.\d+ |\[[ \t]*\d+\.\d+\]|\w{3} +\d+ \d\d:\d\d:\d\d|\S+ \S+ \S+ \[\d\d/|at [\w.$]+\([\w.]+:\d+\)|level=|time=|ts=)"
    ),
    "settings": (
        r"(?:export |set |- )?[\w.\-/ \"'*]{1,60}[ \t]*(?::|=)[ \t]*(?:[\w./:@+~%*,-]+|\"[^\"\n]*\"|'[^'\n]*'|\[[^\n()]*\]|\{[ \t]*\}|[|>]-?|)(?:[ \t]+[\w./:@,-]+){0,6}[ \t]*(?:[#;][^\n]*)?$|\[{1,2}[\w.\-\" :/]+\]{1,2}[ \t]*$|- [\w./:@\"'-]+(?:[ \t][\w./:@\"'-]+){0,5}$"
    ),
    "data": r"(?:\"[^\"\n]*\"[ \t]*:[ \t]*[^\n]*|[{}\[\]]+,?|[\"'][^\"'\n]*[\"'],?|-?[\d.eE+]+(?:[,;\t |]+-?[\d.eE+]*)*,?|[^,;\t|\n]*(?:[,;\t|][^,;\t|\n]*){3,}|\|[^\n]*\|?|[+|-]{3,}[^\n]*)$",
    "markup": r"</?[A-Za-z!?][^\n]*>$|<!--|#{1,6} \S|[*+] |\d+\. \S|> ",
    "prose": r"[^\n{}();=<>\[\]]*[\w\x80-\xff,]+ [\w\x80-\xff',]+ [\w\x80-\xff',]+ [\w\x80-\xff',]+ [^\n{}();=<>\[\]]*$|[^\n]*[\x80-\xff]{12,}[^\n]*$",
    # `listen 443 ssl;`, `server {`, `zone "x" {`, `--spool DIR`, roff, entries of a changelog, formulas
    "directives": r"[\w:.-]+(?:[ \t]+(?:[\w./:@+*,~^-]+|\"[^\"\n]*\"|'[^'\n]*'|\$\w+))*;$|[\"'][^\"'\n]*[\"'];$",
    "sections": r"[\w:.\"-]+(?:[ \t]+[\w./:~*\"'-]+)*[ \t]*[{\[]$|[}\]];?$|<[A-Z]\w+[^>\n]*>$",
    "options": r"(?:\[?-{1,2}[a-zA-Z][\w-]*[ ,=\t\]]?[^\n]*|[^\n;{}()]*[^\\]\\)$",
    "roff": r"[.'](?:[A-Za-z]{1,2}\b|\\\")[^\n]*$|[^\n]*\\f[BIRP]",
    "entries": r"(?:[*+-] (?:[\w./-]+:|\[?[A-Z])|\[[^\]\n]+\]$|-- [^\n]*<[^\n]*>)",
    "formulas": r"[^\n;{}\"]*(?:\^|\\[a-z]+\b|\w_\{|\bsqrt\b|\w'\()[^\n;\"]*$|[a-zA-Z] ?= ?[^\n;(){}\"]*, [a-zA-Z] ?= ?",
    "indented": r"(?:\t| {2,})\S",
}
_NAMES: Final = tuple(_LINES)
_QUOTED: Final = r"[\w.:-]+(?:[ \t]+[\w.:-]+)?[ \t]+\"[^\"\n]*\"$"
"""`Mic1PCM "hw:2"`: not among the forms that the trees know."""
_CONFIGURED: Final = (
    rf"{_LINES['settings']}|{_QUOTED}|{_LINES['sections']}|[\w:.-]+(?:[ \t]+(?:[\w./:@+*,~^=-]+|\"[^\"\n]*\"|'[^'\n]*'|\$\w+))*;$|"
    r"[\w-]+(?:[ \t]+[\w./:*\"'-]+)*[ \t]*\{[^(){}=]*\};?$|(?:#|//|;)[^\n]*$"
)
_AROUND: Final = ("settings", "entries", "roff", "prose", "sections")
_MAX_AROUND: Final = 500
_PROGRAM: Final = ("definitions", "branches", "imports", "assignments", "calls")
FORMS: Final = tuple(name for name in _NAMES if name != "indented")


@cache
def _patterns() -> dict[str, re2._Regexp]:
    options = _latin1()
    return {
        name: re2.compile((rf"(?m)^[ \t]*(?:{form})" if name != "indented" else rf"(?m)^{form}").encode(), options=options)
        for name, form in (*_LINES.items(), ("quoted", _QUOTED), ("configured", _CONFIGURED))
    }


@dataclass(frozen=True, slots=True)
class Evidence:
    """`shares` are shares of lines by form, each in [0, 1]; a line may have several forms. `languages` are scores of markers."""

    lines: int
    shares: dict[str, float]
    languages: dict[str, float]
    kind: BlockKind
    hint: str
    is_transcript_hint: bool
    signs: float
    surroundings: dict[str, float]
    """Shares of the lines around the block that have one of the forms _AROUND."""
    configured: float
    """The share of lines that may stand in a configuration file."""
    code_share: float
    """Of the block's lines, those that have the form of code by themselves."""

    @property
    def is_configuration(self) -> bool:
        """Every line names a value, is a directive, opens or closes a section; none defines, imports, computes or calls."""
        return self.configured >= 1.0 and not any(
            self.shares[name] for name in ("definitions", "imports", "assignments", "calls")
        )

    @property
    def source(self) -> float:
        """The score of the best language of programs."""
        return max((score for name, score in self.languages.items() if name in SOURCE_LANGUAGES), default=0.0)

    @property
    def other(self) -> float:
        """The score of the best language of anything else."""
        return max((score for name, score in self.languages.items() if name not in SOURCE_LANGUAGES), default=0.0)


def evidence_of(block: CodeBlock, source: str) -> Evidence:
    """The evidence of a block of the text `source`. Linear in the block, which is read up to `MAX_READ`."""
    code = source[block.span.start : min(block.span.end, block.span.start + MAX_READ)]
    around = f"{source[max(0, block.outer.start - _MAX_AROUND) : block.outer.start]}\n{source[block.outer.end : block.outer.end + _MAX_AROUND]}"
    text = patched(code) if block.kind is BlockKind.DIFF or block.language_hint in ("diff", "patch") else code
    data = text.encode("utf-8", "surrogatepass").replace(b"\r\n", b"\n")
    lines = max(1, sum(1 for line in data.split(b"\n") if line.strip()))
    shares = _shares(data, _NAMES)
    hint = canonical(block.language_hint)
    signs = sum(data.count(sign) for sign in (b"(", b")", b"{", b"}", b";", b"=", b"[", b"]", b"$", b"->", b"=>")) / max(
        1, len(data)
    )
    return Evidence(
        lines=lines,
        shares=shares,
        languages=marker_scores(text[:_MARKERS_READ].encode("latin-1", "replace")),
        kind=block.kind,
        hint=hint,
        is_transcript_hint=block.language_hint in _TRANSCRIPT_HINTS,
        signs=signs,
        surroundings=_shares(around.encode("utf-8", "surrogatepass"), _AROUND),
        configured=_shares(data, ("configured",))["configured"],
        code_share=block.code_lines / max(1, block.lines),
    )


def _shares(data: bytes, names: Sequence[str]) -> dict[str, float]:
    lines = max(1, sum(1 for line in data.split(b"\n") if line.strip()))
    return {name: min(1.0, _count(_patterns()[name], data) / lines) for name in names}


def settings_of(text: str) -> tuple[int, int]:
    """How many lines of a text name a value, open a section or set type (roff), and how many there are that are not blank."""
    data = text.encode("utf-8", "surrogatepass")
    lines = sum(1 for line in data.split(b"\n") if line.strip())
    return min(lines, sum(_count(_patterns()[name], data) for name in ("settings", "quoted", "sections", "roff"))), lines


def _count(expression: re2._Regexp, data: bytes) -> int:
    """Lines that an expression which begins with ^ matches."""
    return sum(1 for _ in expression.finditer(data))


FEATURES: Final = (
    *_NAMES,
    "program",
    "program_x_calls",
    "lines",
    "short",
    "source",
    "source_lead",
    "other",
    "fenced",
    "diff",
    "hint_source",
    "hint_other",
    "hint_transcript",
    "signs",
    "program_less_settings",
    "kinds",
    "code_share",
    *(f"{name}_around" for name in _AROUND),
)


def features_of(evidence: Evidence) -> list[float]:
    """The numbers that the weights of `scoring` belong to, in the order of `FEATURES`. Each is within about [-1, 2]."""
    shares = evidence.shares
    program = min(1.0, sum(shares[name] for name in _PROGRAM))
    source, other = min(evidence.source, 8.0) / 4, min(evidence.other, 8.0) / 4
    is_source = evidence.hint in SOURCE_LANGUAGES and not evidence.is_transcript_hint
    return [
        *(shares[name] for name in _NAMES),
        program,
        program * shares["calls"],
        min(evidence.lines, 30) / 30,
        float(evidence.lines <= 2),
        source,
        source - other,
        other,
        float(evidence.kind is BlockKind.FENCED),
        float(evidence.kind is BlockKind.DIFF),
        float(is_source),
        float(evidence.hint in _NO_SOURCE_HINTS),
        float(evidence.is_transcript_hint),
        min(0.25, evidence.signs) * 4,
        program - max(shares["settings"], shares["data"], shares["logs"], shares["prose"], shares["prompts"]),
        sum(shares[name] > 0 for name in _PROGRAM) / len(_PROGRAM),
        evidence.code_share,
        *(evidence.surroundings[name] for name in _AROUND),
    ]


def language_of(evidence: Evidence) -> str:
    """The language of programs that is named: the fence's, unless the markers of another leave no doubt, else that of most markers."""
    scores = {name: score for name, score in evidence.languages.items() if name in SOURCE_LANGUAGES}
    if scores.get("cpp", 0.0) >= 2:
        scores["cpp"] += scores.pop("c", 0.0)  # all that is C is C++ as well
    best = max(scores, key=lambda name: scores[name]) if scores else ""
    is_named = evidence.hint in SOURCE_LANGUAGES and not evidence.is_transcript_hint
    if is_named and (not best or scores[best] < scores.get(evidence.hint, 0.0) + _NO_DOUBT):
        return evidence.hint
    return best


_NO_DOUBT: Final = 4.0
