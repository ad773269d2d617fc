"""What gives a language away in a few lines: words and forms, each with the weight of its evidence.

A marker counts once, however often it occurs, so that a long comment or a quoted
snippet does not drown the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

import re2

from scangate.errors import ConfigurationError

_SET_MEMORY_BYTES: Final = 4 << 20
_LANGUAGES_TOGETHER: Final = 4

_CMDLET_VERBS: Final = (
    "get|set|new|add|remove|invoke|start|stop|write|read|import|export|convertto|convertfrom|out|select|where|foreach|test|clear|copy|move|"
    "restart|enable|disable|register|unregister|install|uninstall|update|join|split|resolve|send|wait|measure|compare|sort|group|format"
)

MARKERS: Final[Mapping[str, tuple[tuple[str, float], ...]]] = {
    "python": (
        (r"(?m)^[ \t]*(?:async )?def \w+\s*\([^\n]*\)[^\n]*:", 3),
        (r"(?m)^[ \t]*from [\w.]+ import [\w(*]", 3),
        (r"(?m)^[ \t]*import [\w.]+(?: as \w+)?(?:, ?[\w.]+)*[ \t]*(?:#.*)?\r?$", 1.5),
        (r"(?m)^[ \t]*(?:if|elif|while|for \w+(?:, ?\w+)* in|with|except|else|try|finally)\b[^\n{;]*:[ \t]*(?:#.*)?\r?$", 2),
        (r"\bprint\(|\b(?:None|True|False)\b|\bself\.|__\w+__", 1),
        (r"\b(?:elif|lambda \w*:|import (?:os|sys|re|socket|subprocess|requests|base64)\b)", 2),
        (r"\bimport \w+(?:,\w+)+;|;import \w+|exec\(|\bpython[23]? -c\b", 1),
        (r"#!.*\bpython", 5),
        (r"\bf\"[^\"\n]*\{|\bf'[^'\n]*\{|\"\"\"|'''", 1.5),
        (r"(?m)^[ \t]*class \w+(?:\([\w., =]*\))?:", 2.5),
        (r"\bsetup\(\s*\n?\s*name ?=|\b\w+ for \w+ in \w+", 1.5),
        (r"(?m)^@\w+(?:\.\w+)*(?:\([^\n]*\))?\r?$", 0.8),
    ),
    "javascript": (
        (r"\b(?:const|let) [\w$]+ ?=|\b(?:const|let) [\[{]", 2),
        (r"\bvar [\w$]+(?: ?=|;|,)", 1.5),
        (r"\bfunction\b ?[\w$]* ?\([\w$, ]*\) ?\{", 2),
        (r"=> ?[{(\w]|===|!==", 1.5),
        (r"\bconsole\.(?:log|error|warn)|\bdocument\.\w+|\bwindow\.\w+|\bmodule\.exports|\brequire\(['\"]", 2.5),
        (r"\bnew (?:ActiveXObject|Promise|XMLHttpRequest|RegExp|Array|Date|Function)\b", 2),
        (r"\bWScript\.(?:CreateObject|Shell|Echo|Sleep|ScriptFullName)[^\n]*;", 1.5),
        (r"(?m)^[ \t]*(?:import [\w{*][^\n]* from ['\"]|export (?:default|const|function|class|async))", 2.5),
        (r"\b(?:async|await) |\btypeof |\bString\.fromCharCode|\bJSON\.|\bparseInt\(|\.prototype\b|\bundefined\b", 1.5),
        (r"\btry ?\{|\} ?catch ?\(\w+\)|\bthis\.\w+", 0.7),
        (r"#!.*\bnode\b", 5),
        (r"(?m);\r?$", 0.4),
    ),
    "typescript": (
        (r"(?m)^[ \t]*(?:export )?(?:interface|type) \w+(?:<\w+>)? ?[={]", 3),
        (r"\w\??: ?(?:string|number|boolean|void|any|unknown|never)\b(?:\[\])?[ ,;)=|]", 3),
        (r"\bimport type\b|\bas (?:string|number|any|const)\b|\breadonly \w+:|\bimplements \w+ \{", 1.5),
        (r"\b(?:const|let) \w+: ?\w+", 2),
    ),
    "powershell": (
        (rf"(?i)\b(?:{_CMDLET_VERBS})-[a-z]{{3,}}\w*", 3),
        (r"(?m)^[ \t]*\$\w+(?:\.\w+|\[[^\]\n]*\])* ?[+-]?= ?", 1.5),
        (
            r"(?i)\[(?:system\.|convert\]|char\]|string\]|byte\[|int\]|void\]|net\.|text\.|io\.|ref\]|runtime\.|reflection\.|switch\]|parameter|cmdletbinding|psobject|pscustomobject|appdomain)",
            2.5,
        ),
        (r"(?i)\bparam ?\(|\$(?:null|true|false|_|env:\w+|psscriptroot|pshome|args|error)\b", 2),
        (r"(?i) -(?:eq|ne|gt|lt|like|match|join|replace|split|bxor|notlike|contains|f) ?['\"$(@\d]", 2),
        (r"(?i)\b(?:powershell|pwsh)(?:\.exe)?['\"]? +-", 1.5),
        (r"(?i)\b(?:iex|invoke-expression|new-object|write-host|out-null)\b", 2.5),
        (r"(?i)@\(|@\{|\$\(|\.synopsis|<#|#>|::\w+\(", 0.8),
        (r"(?i)-(?:nop|noprofile|executionpolicy|windowstyle|encodedcommand|erroraction|argumentlist|filepath)\b", 1.5),
    ),
    "vbscript": (
        (r"(?im)^[ \t]*(?:dim|redim|const) \w+", 2),
        (r"(?im)^[ \t]*set +\w+ *= *(?:createobject|wscript|getobject|server\.|\w+\.)", 3),
        (r"(?i)\bcreateobject ?\( ?\"|\bwscript\.(?:shell|echo|quit|arguments|sleep|createobject)", 1.5),
        (
            r"(?im)^[ \t]*(?:end (?:sub|if|function|with|select)|(?:public |private )?(?:sub|function) \w+ ?\([^\n{]*\r?$|on error (?:resume next|goto)|option explicit|wend|next)\b",
            2.5,
        ),
        (r"(?im)^[ \t]*(?:if|elseif)\b[^\n{]* then\b", 2),
        (r"(?i)\bchrw?\(\d+\) ?&|\" ?& ?_?\r?\n|& ?vbcrlf\b|\" & \w+|\w+ & \"", 1.5),
        (r"(?i)\bexecuteglobal\b|\bexecute ?\(|\bvb(?:crlf|newline|exclamation|information)\b|\bmsgbox ", 1.5),
        (r"(?i)<%@? ?(?:language ?= ?\"?vbscript)?|\b(?:request|response|server)\.\w+", 0.6),
        (r"(?im)^[ \t]*(?:'|rem )", 0.5),
    ),
    "batch": (
        (r"(?im)^[ \t]*@?echo +off", 4),
        (r"(?im)^[ \t]*@?(?:setlocal|endlocal|goto +:?\w+|call +:?\w+|pause|cls|title )", 2.5),
        (r"(?im)^[ \t]*@?set +(?:/[ap] +)?\"?\w+ ?=", 1.5),
        (r"(?im)^[ \t]*(?:rem\b|::)", 1.5),
        (r"(?i)^\S+\.(?:exe|com|msc|cpl|dll)\b", 1.5),
        (r"%(?:\w{2,}|~\w*\d)%|%~\w*\d|%%\w\b|\berrorlevel\b", 2),
        (r"(?i)\bif +(?:not +)?(?:exist|defined|errorlevel|/i)\b|\bfor +/[fldr]\b|> ?nul\b|\b(?:cmd|cmd\.exe) +/[ckq]\b", 2),
        (
            r"(?i)\b(?:reg(?:\.exe)? +(?:add|delete|query|save|import|export)|schtasks|net(?:1|\.exe)? +(?:user|localgroup|use|stop|start|view|group|share|accounts)|netsh|wmic|taskkill|tasklist|vssadmin|bcdedit|wevtutil|certutil|bitsadmin|rundll32|regsvr32|mshta|icacls|attrib|xcopy|robocopy|cscript|wscript|msiexec|sc(?:\.exe)? +(?:create|config|start|stop|query|delete)|nltest|dsquery|systeminfo|ipconfig|whoami(?:\.exe)? */)",
            2,
        ),
        (r"(?i)\b[a-z]:\\\w|%(?:temp|appdata|systemroot|windir|userprofile|programdata|localappdata|comspec)%", 1.2),
        (r"(?im)^[ \t]*(?:del|copy|move|md|rd|ren|type|start|dir) +[/\"%\w]", 1),
    ),
    "shell": (
        (r"#!.*/(?:env )?(?:ba|z|k|da|a)?sh\b", 5),
        (r"(?m)^[ \t]*(?:fi|done|esac)\b", 3),
        (r"\bif \[|; ?then\b|; ?do\b|\[\[ |(?m)^[ \t]*case .* in\r?$", 2.5),
        (r"(?m)^[ \t]*(?:export )?[A-Za-z_]\w*=(?:['\"$/\w(]|\r?$)", 0.8),
        (r"\$\{?\w+[}:%#]|\$\(|\$[@#?!*\d]\b", 0.8),
        (
            r"(?m)(?:^|[|;&(`] *)(?:sudo +)?(?:curl|wget|chmod|chown|apt(?:-get)?|yum|dnf|grep|sed|awk|cat|ls|cp|mv|rm|mkdir|tar|ssh|scp|find|xargs|bash|sh|nc|ncat|socat|crontab|systemctl|useradd|usermod|kill|pkill|echo|printf|base64|openssl|docker|kubectl|git|pip3?|npm|dd|mkfifo|nohup|touch|tee|id|uname|ps|chattr|iptables|export|source|env|telnet|mount|insmod|launchctl|osascript|defaults|dscl)\b",
            1.5,
        ),
        (r"^[a-z][\w.-]* (?:-\w|--\w|/\w|\.|\w+ -)", 0.6),
        (r"/dev/(?:null|tcp|udp|sd[a-z]|shm)|2>&1|>/dev/|/etc/\w+|/bin/(?:ba)?sh|~/\.\w+|/tmp/|/usr/|/var/", 1.5),
        (r" \| (?:bash|sh|grep|awk|sed|sort|head|tail|wc|xargs|tee|base64)\b| && |<<-?['\"]?EOF", 1.5),
    ),
    "perl": (
        (r"(?m)^[ \t]*use (?:strict|warnings|utf8|[A-Z]\w*(?:::\w+)*)[^\n]*;", 3.5),
        (r"\bmy [$@%(]\w*", 3),
        (r"#!.*\bperl", 5),
        (r"=~ ?(?:m|s|tr|/|qr)|\bqw[(/{]|\$\w+->[\[{\w]|\$_\b|@_\b|\bsub \w+ ?\{|\bshift;|\$\w+\{['\"]?\w+", 1.5),
        (r"(?m)^(?:=head\d|=cut|=pod|package \w+(?:::\w+)*;|1;)", 2),
        (r"\bperl +-(?:M\w+|e)\b|\bforeach my|\bprint (?:STDERR|\$\w+|\"[^\n]*\\n\";)|\bunless ?\(|\bbless\b|\bdie ", 2),
    ),
    "php": (
        (r"(?i)<\?(?:php\b|=)|<\? ", 5),
        (r"\$_(?:GET|POST|REQUEST|SERVER|COOKIE|FILES|SESSION)\b", 3.5),
        (r"\$\w+ ?= ?[^\n]*;|\$this->|\$\w+->\w+|\$\w+\[['\"]", 1.2),
        (
            r"(?i)\b(?:public|private|protected|static) function\b|\bfunction \w+ ?\([^\n]*\$\w+|\becho [$'\"]|\bforeach ?\([^\n]* as \$",
            2.5,
        ),
        (
            r"(?i)\b(?:base64_decode|gzinflate|str_rot13|shell_exec|passthru|preg_replace|file_get_contents|fsockopen|array\(|isset\(|strlen\(|explode\(|implode\(|str_replace\(|phpinfo)",
            1.8,
        ),
        (r"\bphp +-r\b|\bnamespace [A-Z]\w*(?:\\\w+)+;|\buse [A-Z]\w*(?:\\\w+)+", 2.5),
    ),
    "csharp": (
        (r"(?m)^[ \t]*using (?:static )?[A-Z]\w*(?:\.\w+)*;", 4),
        (r"(?m)^[ \t]*namespace [A-Z]\w*(?:\.\w+)*[ \t\r\n]*[{;]", 3),
        (
            r"\bConsole\.(?:Write|Read)|\[DllImport\(|\bstring\.(?:Empty|Format)|\bforeach ?\(var |\bvar \w+ = new |\bnew \w+(?:<[\w, ]+>)?\(",
            1.5,
        ),
        (
            r"\bpublic (?:static |override |virtual |async |readonly |partial |sealed )*(?:void|string|int|bool|class|Task|object|IEnumerable|List)\b",
            2,
        ),
        (r"(?i)<%@ ?(?:page|webhandler)[^\n]*language ?= ?\"?c#", 5),
        (
            r"\bget; ?(?:private |protected )?set;|\bstring\[\] args|\b(?:unsafe|sealed|internal|partial) (?:class|struct|static|void|override)",
            2,
        ),
    ),
    "java": (
        (r"(?m)^[ \t]*import (?:static )?(?:java|javax|org|com)\.[\w.]+\*?;", 4),
        (r"\bSystem\.(?:out|err)\.print|\bpublic static void main ?\(String", 3.5),
        (
            r"\bString\[\]? ?\w+ ?=|\bfinal \w+ \w+|\b@Override\b|\bthrows \w+Exception|\bnew (?:String|ArrayList|HashMap|Socket|ProcessBuilder)\b|\bRuntime\.getRuntime\(\)",
            2,
        ),
        (r"(?m)^[ \t]*package [a-z][\w.]*;|<%@ ?page [^\n]*import", 3),
    ),
    "c": (
        (r"(?m)^[ \t]*# ?include ?[<\"][\w./]+\.h[>\"]", 3.5),
        (r"\bint main ?\((?:void|int argc)|\b(?:printf|malloc|sizeof|strlen|memcpy|strcpy|free)\(", 1.5),
        (
            r"(?m)^[ \t]*(?:static |const |unsigned |struct )*(?:int|char|void|long|size_t|uint\d+_t|struct \w+) \*?\w+ ?[(=;\[]",
            1.5,
        ),
        (r"(?m)^[ \t]*# ?(?:define|ifdef|ifndef|endif|pragma)\b|->\w+|\bstruct \w+ ?\{|\btypedef ", 1),
    ),
    "cpp": (
        (r"(?m)^[ \t]*# ?include ?<(?:iostream|string|vector|map|memory|algorithm|cstd\w+|sstream|fstream|thread)>", 4),
        (r"\bstd::|\bcout ?<<|\busing namespace |\btemplate ?<|\bclass \w+ ?(?:: public \w+ ?)?\{|\b\w+::\w+\(|\bnullptr\b", 2.5),
    ),
    "go": (
        (r"(?m)^package \w+\r?$", 4),
        (r"(?m)^func (?:\(\w+ \*?\w+\) )?\w+\(", 3),
        (r" := |\bfmt\.\w+|\berr != nil|\bchan \w|\bgo func|\binterface\{\}|\bdefer ", 2),
        (r"(?m)^import \(|^import \"", 2),
    ),
    "rust": (
        (r"\bfn \w+(?:<[^>]*>)?\([^\n]*\)(?: -> [^\n{]+)? ?\{", 3),
        (
            r"\blet mut |\bimpl(?:<[^>]*>)? \w|\buse (?:std|crate|super)::|\bpub (?:fn|struct|enum|mod)\b|\bmatch \w+ ?\{|\bunwrap\(\)|println!\(|#\[derive|&mut |&str\b",
            2.5,
        ),
    ),
    "ruby": (
        (r"#!.*\bruby", 5),
        (r"(?m)^[ \t]*(?:def [\w.?!]+(?:\([^\n]*\))?|class [A-Z]\w*(?: < \w+)?|module [A-Z]\w*)\r?$", 2.5),
        (
            r"(?m)^[ \t]*end\r?$|\bdo \|[\w, ]+\||\bputs |\brequire ['\"]\w|\battr_accessor|\.each\b|\bnil\b|\bunless |\bruby -r",
            1.5,
        ),
    ),
    "lua": (
        (r"(?m)^[ \t]*local (?:function )?\w+|\bfunction \w+[.:]?\w*\([^\n{]*\r?$", 2),
        (r"\bthen\r?\n|\bend\r?\n|\.\. ?[\w\"]|\bnil\b|\bos\.execute|\blua -e", 1.2),
    ),
    "kotlin": ((r"\bfun \w+\(|\bval \w+(?:: ?\w+)? ?=|\bdata class |\bprintln\(|\bwhen ?\(", 2),),
    "swift": ((r"\bimport (?:Foundation|UIKit|SwiftUI)|\bfunc \w+\([^\n]*\) ?(?:-> ?\w+ ?)?\{|\bguard let |\bif let ", 2.5),),
    "sql": (
        (r"(?i)\bselect\b[^;\n]* from\b", 3),
        (
            r"(?im)^[ \t]*(?:insert into|update \w+ set|delete from|create (?:or replace )?(?:table|view|index|procedure|function|database)|alter table|drop (?:table|database)|grant |with \w+ as \()",
            3,
        ),
    ),
    "html": (
        (r"(?i)<!doctype html|<html\b|<head>|<body\b", 4),
        (r"(?i)</(?:div|p|span|a|table|tr|td|ul|li|h\d|form|body|html)>", 2),
    ),
    "css": ((r"(?m)^[ \t]*[.#@\w][\w .#:,>-]*\{[ \t]*\r?\n[ \t]*[a-z-]+: ?[^\n;]+;", 3),),
    "xml": ((r"<\?xml\b|<[a-z]\w*:\w+[ >]|xmlns", 3),),
    "json": ((r"^\s*[\[{]\s*(?:\"[^\"\n]*\"\s*[:,\]]|[\[{\d])", 3.5), (r"(?m)^\s*\"[\w$.@ -]+\": ?[\"\[{\dtfn-]", 1)),
    "yaml": ((r"(?m)^(?:---|[\w-]+:)\r?\n(?:[ \t]+)?(?:- )?[\w-]+:", 2.5), (r"(?m)^[ \t]*(?:- )?[\w.-]+: +[\w\"'{\[/]", 1)),
    "toml": ((r"(?m)^\[{1,2}[\w.\"-]+\]{1,2}\r?\n[\w.-]+ ?= ?[\"\[\dtf{]", 3.5),),
    "ini": ((r"(?m)^\[[\w .-]+\]\r?\n(?:[;#][^\n]*\r?\n)*[\w .-]+ ?=", 3),),
    "dockerfile": ((r"(?m)^FROM [\w./:-]+(?: AS \w+)?\r?$", 3), (r"(?m)^(?:RUN|CMD|ENTRYPOINT|COPY|WORKDIR|ENV|EXPOSE) ", 2)),
    "makefile": ((r"(?m)^[\w./-]+:(?: [\w./$() -]*)?\n\t|^\.PHONY:", 3.5),),
    "diff": ((r"(?m)^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|^diff --git |^--- a/", 6),),
    "log": ((r"(?m)^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\n]*\n\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d", 5),),
}
"""Weight per marker by language; 3 and more alone is near certain, 1 and less only a hint."""


class _Automaton(NamedTuple):
    markers: re2._Set
    meanings: tuple[tuple[str, float], ...]
    """Language and weight of each marker."""


@cache
def _automata() -> tuple[_Automaton, ...]:
    """One automaton for a few languages: that of all together has so many states that it takes ten times as long, and one a language
    costs a call each."""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = _SET_MEMORY_BYTES
    languages = iter(MARKERS.items())
    automata = []
    while some := list(islice(languages, _LANGUAGES_TOGETHER)):
        combined = re2.Set.SearchSet(options)
        meanings = [(language, expression, weight) for language, markers in some for expression, weight in markers]
        for _, expression, _ in meanings:
            try:
                combined.Add(expression.encode())
            except re2.error as error:
                raise ConfigurationError(f"marker {expression!r} is not valid re2 syntax: {error}") from None
        combined.Compile()
        automata.append(_Automaton(combined, tuple((language, weight) for language, _, weight in meanings)))
    return tuple(automata)


def marker_scores(data: bytes) -> dict[str, float]:
    """The summed weights of the markers that occur, by language in the order of `MARKERS`; languages without any are absent."""
    scores: dict[str, float] = {}
    for markers, meanings in _automata():
        for index in sorted(markers.Match(data) or ()):
            language, weight = meanings[index]
            scores[language] = scores.get(language, 0.0) + weight
    return scores
