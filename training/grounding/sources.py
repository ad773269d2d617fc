"""Files to pairs: what every source's rows say of a claim and a passage. Only sources whose licence allows shipped weights."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.grounding.edits import edited
from training.grounding.pairs import ABSENT, CONTRADICTED, SUPPORTED, UNSUPPORTED, Pair
from training.grounding.sentences import about, sentences

OWN = Path(__file__).parents[1] / "data"
PASSAGE_LETTERS = 520
_IDEOGRAPHIC = 0.42
"""Letters that a token stands for, in Chinese and Japanese against the others."""
_SHORT_ANSWER = 6
_NLI = {"entailment": SUPPORTED, "contradiction": CONTRADICTED, "neutral": ABSENT}
_ABSENT_KINDS = frozenset({"not_in_context", "overclaim", "attribution", "unsupported_addition", "cause"})
_SPLIT = 100


def rows(file: Path) -> Iterator[dict[str, Any]]:
    """Objects of a JSON-lines file, packed or not; nothing where there is no file."""
    if not file.exists():
        return
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:  # the last line of a file that is being written
                return


def key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def is_dev(pair: Pair, share: int) -> bool:
    """Whether a group belongs to the development split; `share` in percent."""
    return int(hashlib.sha256(f"grounding:{pair.group}".encode()).hexdigest(), 16) % _SPLIT < share


def claim_of(question: str, response: str, rng: random.Random) -> str:
    """The answer as it is read by the model: short ones with their question, long ones without it more often than not."""
    words = len(response.split()) if " " in response else len(response) // 3
    if question and (words < _SHORT_ANSWER or rng.random() < 0.3):
        return f"{question} {response}"
    return response


def written(file: Path, source: str, rng: random.Random) -> Iterator[Pair]:
    """Hand-written pairs: an answer and its twin with one thing changed."""
    for row in rows(file):
        kind = row.get("error_type") or row.get("kind") or ""
        absent = row.get("verdict") == "not_in_context" or (row.get("verdict") is None and kind in _ABSENT_KINDS)
        verdict = SUPPORTED if row["grounded"] else ABSENT if absent else CONTRADICTED
        twin = row.get("pair")
        yield Pair(claim_of(row["question"], row["response"], rng), row["context"], verdict, source, row["lang"],
                   key(row["context"]), kind, -1 if twin is None else int(twin),
                   focus=f"{row['question']} {row['response']}")  # fmt: skip


def inference(file: Path, source: str) -> Iterator[Pair]:
    for row in rows(file):
        yield Pair(row["hypothesis"], row["premise"], _NLI[row["label"]], source, row["lang"], key(row["premise"]))


def answered(file: Path, source: str, rng: random.Random) -> Iterator[Pair]:
    """Questions with a right or a wrong answer on a passage; a wrong one that stands elsewhere in the passage contradicts it."""
    for row in rows(file):
        label = row["orig_label"]
        verdict = SUPPORTED if row["grounded"] else UNSUPPORTED
        if "another paper" in label or "off-topic" in label:
            verdict = ABSENT
        claim = row["response"] if source == "begin" else claim_of(row["question"], row["response"], rng)
        yield Pair(
            claim, row["context"], verdict, source, row["lang"], key(row["context"]), focus=f"{row['question']} {row['response']}"
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A text to compose pairs from. Documents of one `place` say the same in different languages."""

    text: str
    lang: str
    source: str
    place: int = -1


def documents(pools: Path) -> list[Document]:
    """Contexts in nine languages: encyclopaedia paragraphs (parallel in five languages), questions' passages, own e-mails and pages."""
    found: list[Document] = []
    counts: dict[str, int] = {}
    for row in rows(pools / "injection" / "train.jsonl.gz"):
        if "xquad" in row["source"] + row["file"] and len(row["text"]) > (45 if row["lang"] == "zh" else 150):
            place = counts[row["lang"]] = counts.get(row["lang"], -1) + 1
            found.append(Document(row["text"].lstrip("\ufeff"), row["lang"], "xquad", place))
    for name, source in (
        ("squad_it_constructed", "squad_it"),
        ("jsquad_ja_constructed", "jsquad"),
        ("pubmedqa_constructed", "pubmedqa"),
    ):
        contexts = {row["context"]: row["lang"] for row in rows(pools / "grounding" / f"{name}.jsonl.gz")}
        found += [Document(text, lang, source) for text, lang in contexts.items()]
    for name in ("guard_carriers", "guard_documents"):
        for row in rows(OWN / f"{name}.jsonl"):
            if row["label"] == "benign" and len(row["text"]) > 200:
                found.append(Document(row["text"], row["lang"], "own"))
    return found


def composed(texts: Sequence[Document], rng: random.Random, count: int) -> Iterator[Pair]:
    """Claims made of a document's own sentences: as they are, edited, or from another place."""
    parts = {
        text: [one for one in sentences(text.text) if 25 * _scale(text.lang) < len(one) < 320 * _scale(text.lang)]
        for text in texts
    }
    usable = [text for text in texts if parts[text]]
    parallel: dict[int, list[Document]] = {}
    for text in usable:
        if text.place >= 0:
            parallel.setdefault(text.place, []).append(text)
    by_lang: dict[str, list[Document]] = {}
    for text in usable:
        by_lang.setdefault(text.lang, []).append(text)
    languages = sorted(by_lang)
    for _ in range(count):
        text = rng.choice(by_lang[rng.choice(languages)])
        sentence = rng.choice(parts[text])
        passage, where = text, text.text
        if text.place >= 0 and rng.random() < 0.5:
            passage = rng.choice(parallel[text.place])
            where = _beside(passage, text.text.find(sentence) / len(text.text))
        source = f"{'cross' if passage.lang != text.lang else 'same'}_{text.source}"
        pair = Pair(sentence, where, SUPPORTED, source, text.lang, key(text.text), focus=_focus(sentence, passage, text))
        chance = rng.random()
        if chance < 0.42:
            yield replace(pair, claim=_shortened(sentence, text.lang, rng))
        elif chance < 0.85:
            change = edited(sentence, text.text, text.lang, rng)
            if change is not None:
                # the untouched sentence comes with it often, so that the sentence itself tells nothing
                yield replace(pair, claim=change.claim, verdict=change.verdict, kind=change.kind)
                if rng.random() < 0.5:
                    yield pair
        else:
            rest = [one for one in parts[text] if one != sentence]
            if rest and passage is text and rng.random() < 0.6:
                without = text.text.replace(sentence, " ")
                yield replace(pair, passage=without, verdict=ABSENT, kind="absent")
            else:
                other = rng.choice(by_lang[text.lang])
                if other is not text and other.place != text.place:
                    yield replace(pair, passage=other.text, verdict=ABSENT, kind="elsewhere")


def _beside(passage: Document, place: float) -> str:
    """What a translation says about as far from its start as `place`, in [0, 1]."""
    letters = round(PASSAGE_LETTERS * _scale(passage.lang))
    first = round(min(max(0.0, place * len(passage.text) - letters / 3), max(0, len(passage.text) - letters)))
    return passage.text[first : first + letters]


def _focus(sentence: str, passage: Document, text: Document) -> str:
    """What a stretch of the passage is chosen by: of a passage in another language the whole is kept."""
    return sentence if passage is text else ""


def _shortened(sentence: str, lang: str, rng: random.Random) -> str:
    """The sentence, or the clause before or after its first comma where both are long."""
    mark = "、" if lang == "ja" else "，" if lang == "zh" else ", "
    head, comma, tail = sentence.partition(mark)
    least = 30 * _scale(lang)
    if comma and len(tail) > least and rng.random() < 0.4:
        return tail
    if comma and len(head) > least and rng.random() < 0.4:
        return head
    return sentence


def _scale(lang: str) -> float:
    return _IDEOGRAPHIC if lang in ("zh", "ja") else 1.0


def shortened_passage(pair: Pair, rng: random.Random | None = None) -> Pair:
    """The stretch of the passage that the claim is about, so that both fit the model."""
    lang = pair.lang
    letters = PASSAGE_LETTERS * _scale(lang) * (rng.uniform(0.5, 1.15) if rng else 1.0)
    return replace(pair, passage=about(pair.passage, pair.focus or pair.claim, round(letters)))
