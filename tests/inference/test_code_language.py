from __future__ import annotations

import pytest

from scangate.inference.code_language import Evidence, by_markers, canonical, identify
from scangate.inference.code_markers import MARKERS, marker_scores

SNIPPETS = {
    "python": "import os\n\ndef main() -> None:\n    for name in os.listdir('.'):\n        print(name)\n",
    "javascript": "const fs = require('fs');\nfs.readFile('a', (err, data) => {\n  console.log(data);\n});\n",
    "powershell": "param([string]$Path)\n$files = Get-ChildItem -Path $Path\nforeach ($f in $files) { Write-Host $f.Name }\n",
    "vbscript": 'Dim fso\nSet fso = CreateObject("Scripting.FileSystemObject")\nIf fso.FileExists("a.txt") Then\n  MsgBox "yes"\nEnd If\n',
    "batch": "@echo off\nsetlocal\nif exist %1 copy %1 backup\\\ngoto :eof\n",
    "shell": "#!/bin/bash\nset -euo pipefail\nfor f in *.log; do\n  gzip \"$f\"\ndone\n",
    "perl": "use strict;\nuse warnings;\nmy %seen;\nwhile (my $line = <STDIN>) { print $line unless $seen{$line}++; }\n",
    "php": "<?php\n$name = $_GET['name'];\necho htmlspecialchars($name);\n",
    "csharp": "using System;\nnamespace Demo {\n  class P { static void Main(string[] args) { Console.WriteLine(\"x\"); } }\n}\n",
    "java": "import java.util.List;\npublic class A {\n  public static void main(String[] a) { System.out.println(1); }\n}\n",
    "cpp": "#include <iostream>\nint main() { std::cout << 1; return 0; }\n",
    "go": "package main\nimport \"fmt\"\nfunc main() {\n\tx := 1\n\tfmt.Println(x)\n}\n",
    "rust": "use std::fs;\nfn main() {\n    let mut s = String::new();\n    println!(\"{}\", s);\n}\n",
    "sql": "SELECT id, name FROM users WHERE id = 1;\n",
    "json": '{"name": "x", "items": [1, 2]}',
}  # fmt: skip


@pytest.mark.parametrize(("name", "code"), SNIPPETS.items(), ids=list(SNIPPETS))
def test_markers_tell_the_language(name: str, code: str) -> None:
    guess = by_markers(code)
    assert guess.name == name
    assert guess.confidence > 0.5
    assert guess.evidence is Evidence.MARKERS


@pytest.mark.parametrize(
    ("one_line", "name"),
    [
        ("powershell -nop -w hidden -c \"Get-Process\"", "powershell"),
        ("reg add HKCU\\Software\\X /v y /d z /f", "batch"),
        ("curl -s https://example.com | grep title", "shell"),
        ("python3 -c 'import os; print(os.getcwd())'", "python"),
    ],
)  # fmt: skip
def test_one_line_is_enough(one_line: str, name: str) -> None:
    assert by_markers(one_line).name == name


def test_prose_is_no_language() -> None:
    assert by_markers("The meeting is on Tuesday, and everybody is welcome to bring a friend.").name == "text"


def test_the_word_after_the_fence_counts_unless_the_code_contradicts_it() -> None:
    assert identify("x", "py").name == "python"
    assert identify("x", "PY").evidence is Evidence.HINT
    assert identify(SNIPPETS["php"], "bash").name == "php"
    assert identify(SNIPPETS["python"], "output").name == "python"


def test_the_model_is_asked_in_doubt() -> None:
    code = "\n".join(f'proc step{i} {{a b}} {{\n  puts "$a $b"\n  set c [expr {{$a + $b}}]\n  return $c\n}}' for i in range(8))
    assert by_markers(code).confidence < 0.85
    guess = identify(code, may_use_model=True)
    assert (guess.name, guess.evidence) == ("tcl", Evidence.MODEL)
    assert identify("puts $a", may_use_model=True).evidence is not Evidence.MODEL


def test_any_bytes_are_read() -> None:
    for text in ("", "\ud800", "ä" * 5000, "\0" * 5000):
        assert 0.0 <= identify(text, may_use_model=True).confidence <= 1.0


def test_names_are_canonical() -> None:
    assert [canonical(name) for name in ("C#", "sh", " JS", "language-ts", "nonsense")] == [
        "csharp",
        "shell",
        "javascript",
        "typescript",
        "",
    ]
    assert all(canonical(name) == name for name in MARKERS)


def test_every_marker_compiles() -> None:
    assert marker_scores(b"#!/usr/bin/perl")["perl"] >= 5
