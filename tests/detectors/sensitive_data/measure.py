"""Figures of the sensitive-data detector for its README. Not a test: nothing here is collected, nothing asserts.

python -m tests.detectors.sensitive_data.measure providers [--each 20]
python -m tests.detectors.sensitive_data.measure code FOLDER... [--megabytes 50] [--all] [--show]
python -m tests.detectors.sensitive_data.measure growth
python -m tests.detectors.sensitive_data.measure speed
python -m tests.detectors.sensitive_data.measure peers      (pip install presidio-analyzer detect-secrets; or --from FOLDER)

Speeds are CPU time of one thread, the best of several runs.
"""

from __future__ import annotations

import argparse
import random
import re
import string
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from load.texts import ordinary

from scangate.detectors.sensitive_data.catalog import Catalog, RuleSet, load_catalog
from scangate.detectors.sensitive_data.overlaps import resolve_overlaps
from scangate.detectors.sensitive_data.rule import RANK
from scangate.detectors.sensitive_data.scanner import Hit, Scanner
from scangate.domain.taxonomy import Confidence
from scangate.matching.patterns import EncodedText

HERE: Final = Path(__file__).parent
ENDINGS: Final = {".py", ".pyi", ".js", ".ts", ".c", ".h", ".sh", ".pl"}
ALPHABETS: Final = {
    "A": string.ascii_letters + string.digits,
    "W": string.ascii_letters + string.digits + "_-",
    "S": string.ascii_letters + string.digits + "+/",
    "L": string.ascii_letters,
    "U": string.ascii_uppercase,
    "l": string.ascii_lowercase,
    "n": string.ascii_lowercase + string.digits,
    "N": string.ascii_uppercase + string.digits,
    "d": string.digits,
    "h": "0123456789abcdef",
    "X": "0123456789abcdefABCDEF",
    "b": string.ascii_lowercase + "234567",
    "B": string.ascii_uppercase + "234567",
}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def secrets_scanner(
    catalog: Catalog, *, everything: bool = False, least: Confidence = Confidence.MEDIUM
) -> Callable[[str], list[Hit]]:
    wanted = [rule for rule in catalog.rules if everything or rule.rule.category.value in ("secret", "credential")]
    scanner = Scanner(catalog, {rule.index: Confidence.MEDIUM for rule in wanted})

    def scan(text: str) -> list[Hit]:
        hits = resolve_overlaps(scanner.scan(text, checkpoint=lambda: None).hits)
        return [hit for hit in hits if RANK[hit.confidence] >= RANK[least]]

    return scan


def best(run: Callable[[], object], times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.process_time()
        run()
        taken.append(time.process_time() - start)
    return min(taken)


def formats() -> Iterator[tuple[str, str, str]]:
    for line in (HERE / "token_formats.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            provider, setting, template = line.split("\t")
            yield provider, setting, template


def token(template: str, chooser: random.Random) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[0] == "{u}":
            digits = f"{chooser.getrandbits(128):032x}"
            return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
        alphabet, length = ALPHABETS[match[1]], int(match[2])
        made = [chooser.choice(alphabet) for _ in range(length)]
        if match[1] in "WS":  # ends that a sentence could take for its punctuation are no part of what is measured
            made[0], made[-1] = (chooser.choice(ALPHABETS["A"]) for _ in range(2))
        return "".join(made)

    return re.sub(r"\{u\}|\{(\w):(\d+)\}", fill, template)


def providers(each: int) -> None:
    scan, chooser = secrets_scanner(load_catalog()), random.Random(99)
    found, made, missed = 0, 0, defaultdict(int)
    names = set()
    for provider, setting, template in formats():
        names.add(provider)
        for _ in range(each):
            value = token(template, chooser)
            text = f'export {re.sub("[^A-Z0-9]+", "_", setting.upper())}_API_KEY="{value}"' if setting else f"token: {value}"
            made += 1
            if scan(text):
                found += 1
            else:
                missed[provider, template] += 1
    say(f"{len(names)} providers, {made} tokens, {found} found: {found / made:.2%}")
    for (provider, template), count in sorted(missed.items(), key=lambda item: -item[1])[:20]:
        say(f"  {count:3} of {each} missed: {provider} {template}")


def sources(folders: list[Path]) -> list[Path]:
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix in ENDINGS and file.is_file())
    random.Random(5).shuffle(files)
    return files


def code(folders: list[Path], megabytes: float, *, everything: bool, show: bool) -> None:
    scan = secrets_scanner(load_catalog(), everything=everything)
    size, files, by_rule = 0, 0, Counter[str]()
    for file in sources(folders):
        try:
            text = file.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        if not 0 < len(text) <= 400_000:
            continue
        size, files = size + len(text.encode()), files + 1
        for hit in scan(text):
            by_rule[f"{hit.compiled.rule.id} {hit.confidence.value}"] += 1
            if show:
                say(f"{hit.compiled.rule.id} {file.name} {text[max(0, hit.start - 30) : hit.end + 5]!a}")
        if size > megabytes * 1e6:
            break
    hits = by_rule.total()
    say(f"{size / 1e6:.1f} MB in {files} files, {hits} hits from medium on: {hits / size * 1e6:.2f} a MB")
    for name, count in by_rule.most_common():
        say(f"  {count:4} {name}")


def growth() -> None:
    catalog, text = load_catalog(), EncodedText(ordinary(4_000_000))
    say("rules  patterns  ms for 4 MB of clean text")
    rules = list(catalog.rules)
    random.Random(3).shuffle(rules)
    for count in (25, 50, 100, 200, 250, 400, len(rules)):
        subset = RuleSet(rules[:count], case_sensitive=True)
        taken = best(lambda chosen=subset: chosen.matching(text, set()), 5)
        say(f"{count:5}  {len(subset.patterns):8}  {taken * 1000:.1f}")


def speed() -> None:
    catalog = load_catalog()
    scanner = Scanner(catalog, {rule.index: Confidence.MEDIUM for rule in catalog.rules})
    chooser = random.Random(1)
    size = 2_000_000
    texts = {
        "ordinary": ordinary(size),
        "telephone numbers": "".join(
            f"+1 {chooser.randrange(200, 999)} {chooser.randrange(200, 999)} {chooser.randrange(1000, 9999)}\n"
            for _ in range(size // 16)
        ),
        "my telephone numbers": "".join(
            f"my phone {chooser.randrange(200, 999)}-{chooser.randrange(200, 999)}-{chooser.randrange(1000, 9999)} "
            for _ in range(size // 22)
        ),
        "16-digit numbers": "".join(f"{chooser.randrange(10**15, 10**16)} " for _ in range(size // 17)),
        "IP addresses": "".join(".".join(str(chooser.randrange(256)) for _ in range(4)) + " " for _ in range(size // 14)),
    }
    for name, text in texts.items():
        taken = best(lambda read=text: scanner.scan(read, checkpoint=lambda: None))
        say(f"{name}: {taken:.2f} s for {len(text) / 1e6:.1f} MB, {len(text) / 1e6 / taken:.1f} MB/s")


def samples() -> list[str]:
    """Records of a person, with the values that all three look for, between paragraphs without any."""
    chooser = random.Random(8)
    texts = []
    for number in range(200):
        values = (
            f"card 4539 1488 0343 6467, SSN 536-22-{chooser.randrange(1000, 9999)}, IBAN DE89370400440532013000, "
            f"mail user{number}@mail.org, ip 81.2.69.{chooser.randrange(1, 250)}, AWS {token('AKIA{B:16}', chooser)}, "
            f"GitHub {token('ghp_{A:36}', chooser)}, Slack {token('xoxb-{d:12}-{d:12}-{A:24}', chooser)}"
        )
        texts.append(ordinary(2_000, number) + values + ordinary(1_000, number + 1000))
    return texts


EXPECTED_PII: Final = 5
EXPECTED_SECRETS: Final = 3


def peers(folder: Path | None) -> None:
    """Presidio's recognisers that are patterns, and detect-secrets' plugins, on the same texts in the same process. Recall is over the
    values that each is made for: five of a person and three secrets a text."""
    if folder is not None:
        sys.path.append(str(folder))
    texts = samples()
    size = sum(map(len, texts)) / 1e6
    scanner = secrets_scanner(load_catalog(), everything=True, least=Confidence.LOW)
    ours = best(lambda: [scanner(text) for text in texts])
    found = [scanner(text) for text in texts]
    secret = sum(hit.compiled.rule.category.value == "secret" for hits in found for hit in hits)
    total = (EXPECTED_PII + EXPECTED_SECRETS) * len(texts)
    reported = sum(min(len(hits), EXPECTED_PII + EXPECTED_SECRETS) for hits in found)
    say(f"this detector: {size / ours:.2f} MB/s, {reported / total:.1%} of all values, {secret} secrets")
    presidio(texts, size, ours)
    detect_secrets(texts, size, ours)


def presidio(texts: list[str], size: float, ours: float) -> None:
    import presidio_analyzer.predefined_recognizers as predefined
    from presidio_analyzer import PatternRecognizer

    recognizers = []
    for name in dir(predefined):
        made = getattr(predefined, name)
        if isinstance(made, type) and issubclass(made, PatternRecognizer) and made is not PatternRecognizer:
            try:
                recognizers.append(made())
            except Exception as error:  # some need an argument or a download
                say(f"  left out: {name} ({type(error).__name__})")

    def run() -> list[list[str]]:
        return [
            [
                result.entity_type
                for recognizer in recognizers
                for result in recognizer.analyze(text, recognizer.supported_entities, None) or ()
            ]
            for text in texts
        ]

    taken = best(run, 1)
    wanted = {"CREDIT_CARD", "US_SSN", "IBAN_CODE", "EMAIL_ADDRESS", "IP_ADDRESS"}
    recall = sum(len(wanted & set(kinds)) for kinds in run()) / (len(wanted) * len(texts))
    say(
        f"presidio-analyzer, {len(recognizers)} pattern recognisers: {size / taken:.3f} MB/s, {recall:.1%} of the values of a person"
    )
    say(f"  this detector is {taken / ours:.0f} times as fast")


def detect_secrets(texts: list[str], size: float, ours: float) -> None:
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    def run() -> list[int]:
        with default_settings():
            return [sum(1 for line in text.splitlines() for _ in scan_line(line)) for text in texts]

    taken = best(run, 1)
    recall = sum(min(count, EXPECTED_SECRETS) for count in run()) / (EXPECTED_SECRETS * len(texts))
    say(f"detect-secrets, all plugins: {size / taken:.3f} MB/s, at most {recall:.1%} of the secrets")
    say(f"  this detector is {taken / ours:.0f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("section", choices=("providers", "code", "growth", "speed", "peers"))
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--megabytes", type=float, default=50)
    parser.add_argument("--all", action="store_true", help="every pattern, not only secrets")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--from", dest="peers", type=Path, help="a folder with the packages of the peers")
    asked = parser.parse_args()
    match asked.section:
        case "providers":
            providers(asked.each)
        case "code":
            code(asked.folders, asked.megabytes, everything=asked.all, show=asked.show)
        case "growth":
            growth()
        case "speed":
            speed()
        case _:
            peers(asked.peers)


if __name__ == "__main__":
    main()
