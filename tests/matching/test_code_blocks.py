from __future__ import annotations

import itertools
import json

import pytest

from scangate.domain.taxonomy import PartKind
from scangate.matching.code_blocks import MAX_BLOCKS, BlockKind, code_blocks, code_blocks_of, patched
from scangate.matching.prepare import prepare

PROSE = "The report that you asked for is nearly done, and I will send it to you tomorrow.\n"


def found(text: str) -> list[tuple[BlockKind, str, str]]:
    return [(block.kind, block.language_hint, block.text(text)) for block in code_blocks(text)]


@pytest.mark.parametrize(
    ("text", "kind", "hint", "code"),
    [
        ("Look:\n```python\nprint(1)\n```\nDone.", BlockKind.FENCED, "python", "print(1)\n"),
        ("```\nplain\n```", BlockKind.FENCED, "", "plain\n"),
        ("~~~ Shell\nls\n~~~", BlockKind.FENCED, "shell", "ls\n"),
        ("````md\n```py\nx\n```\n````", BlockKind.FENCED, "md", "```py\nx\n```\n"),
        ("  ```{.bash}\n  ls\n  ```", BlockKind.FENCED, "bash", "  ls\n  "),
        ("Ünïcödé näh\n```C#\nvar ä = 1;\n```", BlockKind.FENCED, "c#", "var ä = 1;\n"),
        ("It never ends ```js\nalert(1)", BlockKind.FENCED, "js", "alert(1)"),
        ("Inside ```rm -rf x``` a line", BlockKind.FENCED, "", "rm -rf x"),
        ("Run `ls -la /tmp` first.", BlockKind.INLINE, "", "ls -la /tmp"),
    ],
)
def test_marked_code(text: str, kind: BlockKind, hint: str, code: str) -> None:
    assert found(text) == [(kind, hint, code)]


@pytest.mark.parametrize(
    "code",
    [
        "import socket\ns = socket.socket()\n\n# connect\ns.connect((host, 99))\nfor i in range(3):\n    print(i)",
        "$client = New-Object System.Net.WebClient\n$client.DownloadString($url)",
        "function add(a, b) {\n  return a + b;\n}",
        'Dim shell\nSet shell = CreateObject("WScript.Shell")\nshell.Run "notepad"',
        "@echo off\nset x=1\nif exist file.txt del file.txt\ngoto end",
        "#!/bin/sh\nset -e\nfor f in *.txt; do\n  echo $f\ndone",
        "curl https://example.com/install.sh | sh",
        "use strict;\nmy $x = shift;\nprint $x;",
        "<?php\n$a = $_GET['a'];\necho $a;\n?>",
        'using System;\nclass P { static void Main() { Console.WriteLine("x"); } }',
    ],
)
def test_code_between_paragraphs(code: str) -> None:
    text = PROSE + "\n" + code + "\n\n" + PROSE
    blocks = [block for block in code_blocks(text) if block.kind is BlockKind.UNFENCED]
    assert blocks
    assert text.index(code) == blocks[0].span.start
    covered = sum(len(block.span) for block in blocks)
    assert covered >= 0.8 * len(code)
    assert all(block.code_lines >= 1 for block in blocks)


@pytest.mark.parametrize(
    "text",
    [
        PROSE * 5,
        "Dear all,\n\nplease find the minutes below.\n\n- budget: done\n- hiring: next week\n\nBest wishes,\nAnna",
        "How do I kill a Python process? I tried a few things, but nothing helps.",
        "1. First we open the door.\n2. Then we go in (slowly).\n3. That's it!",
        "",
        "\n\n\n",
    ],
)
def test_prose_has_no_blocks(text: str) -> None:
    assert found(text) == []


def test_diff_is_one_block_with_its_head() -> None:
    diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-old\n+new\n same"
    text = PROSE + "\n" + diff + "\n\n" + PROSE
    assert [(block.kind, block.text(text).rstrip("\n")) for block in code_blocks(text)] == [(BlockKind.DIFF, diff)]
    assert patched(diff) == "new\nsame"


def test_blocks_are_disjoint_and_in_order() -> None:
    text = (PROSE + "x = 1;\n```\na\n```\n`inline code` and\nfoo(bar);\n") * 20
    blocks = code_blocks(text)
    assert {block.kind for block in blocks} == {BlockKind.FENCED, BlockKind.INLINE, BlockKind.UNFENCED}
    assert all(one.outer.end <= other.outer.start for one, other in itertools.pairwise(blocks))
    assert all(block.outer.contains(block.span) for block in blocks)


def test_too_many_blocks_end_in_one_that_holds_the_rest() -> None:
    text = "```\nx\n```\n" * (MAX_BLOCKS + 50) + "the end"
    blocks = code_blocks(text)
    assert len(blocks) == MAX_BLOCKS
    assert blocks[-1].span.end == len(text)


def test_values_of_json_are_texts_of_their_own() -> None:
    document = json.dumps({"command": "curl http://h/x | bash", "note": "nothing to see", "doc": "Use:\n```py\nx=1\n```\n"})
    prepared = prepare(document, PartKind.JSON)
    blocks = code_blocks_of(prepared)
    assert [(block.kind, block.text(prepared.raw.text)) for block in blocks] == [
        (BlockKind.VALUE, "curl http://h/x | bash"),
        (BlockKind.FENCED, "x=1\n"),
    ]
