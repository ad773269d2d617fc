"""Minimal edits of a true sentence: one number, name, negation or order is changed, everything else stays.

Length and shared words are the same on both sides, so that neither tells anything. Sentences that were negated from the start and
lose their negation balance those that gain one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from training.grounding.pairs import CONTRADICTED

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w])|(?<=[\u3040-\u9fff])\d+(?:[.,]\d+)*")
_NAME = re.compile(
    r"(?<=[a-zà-ÿа-яё,;:] )[A-ZÀ-ÞА-ЯЁ][\w'’-]+(?: (?:of |de |du |von |van |da |di |del )?[A-ZÀ-ÞА-ЯЁ][\w'’-]+)*|[\u30a0-\u30ff]{3,}"
)
_CAPITALISED_NOUNS = "de"

Edit = Callable[[str, str, str, random.Random], str | None]


@dataclass(frozen=True, slots=True)
class Edited:
    claim: str
    kind: str
    verdict: int


def _replaced(text: str, found: re.Match[str], new: str) -> str:
    return text[: found.start()] + new + text[found.end() :]


def number(claim: str, context: str, _lang: str, rng: random.Random) -> str | None:
    """Another number: one that stands elsewhere in the context, or the same with one digit changed."""
    places = list(_NUMBER.finditer(claim))
    if not places:
        return None
    place = rng.choice(places)
    old = place.group()
    others = [one for one in dict.fromkeys(_NUMBER.findall(context)) if one != old and abs(len(one) - len(old)) <= 1]
    if others and rng.random() < 0.5:
        return _replaced(claim, place, rng.choice(others))
    digits = [at for at, letter in enumerate(old) if letter.isdigit()]
    at = rng.choice(digits)
    choices = [digit for digit in "123456789" if digit != old[at]]
    return _replaced(claim, place, old[:at] + rng.choice(choices) + old[at + 1 :])


def name(claim: str, context: str, lang: str, rng: random.Random) -> str | None:
    """Another name of the same context in the place of one."""
    if lang == _CAPITALISED_NOUNS:
        return None
    places = list(_NAME.finditer(claim))
    if not places:
        return None
    place = rng.choice(places)
    old = place.group()
    others = [one for one in dict.fromkeys(_NAME.findall(context)) if one not in claim and old not in one]
    return _replaced(claim, place, rng.choice(others)) if others else None


def order(claim: str, _context: str, lang: str, rng: random.Random) -> str | None:
    """Two names, or two numbers, of the sentence change places."""
    for pattern in rng.sample((_NAME, _NUMBER), 2):
        if pattern is _NAME and lang == _CAPITALISED_NOUNS:
            continue
        places = list(pattern.finditer(claim))
        if len({place.group() for place in places}) < 2:
            continue
        first, second = sorted(rng.sample(places, 2), key=lambda place: place.start())
        if first.group() != second.group():
            middle = claim[first.end() : second.start()]
            # "A and B" said the other way round is as true as before
            if len(middle) > 8:
                return claim[: first.start()] + second.group() + middle + first.group() + claim[second.end() :]
    return None


_NEGATIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": ((r"\b(is|are|was|were|can|could|will|would|should|must|has been|have been|may)\b(?! not)", r"\1 not"),),
    "de": ((r"\b(ist|sind|war|waren|wird|werden|kann|können|darf|muss|wurde|wurden|hat|haben)\b(?! nicht| kein)", r"\1 nicht"),
           (r"\b(ein)(e|en|em|er)?\b", r"kein\2")),
    "es": ((r"(?<!no )\b(es|son|era|eran|fue|fueron|está|están|tiene|tienen|puede|pueden|se|ha|han|debe|deben)\b", r"no \1"),),
    "fr": ((r"\b(est|sont|était|peut|peuvent|doit|doivent|reste|sera|seront)\b(?! pas)", r"n'\1 pas"),
           (r"\bn'(est|était|a|ont) ", r"\1 ")),
    "it": ((r"(?<!non )\b(è|sono|era|erano|fu|ha|hanno|può|possono|viene|vengono|deve|devono|si)\b", r"non \1"),),
    "pt": ((r"(?<!não )\b(é|são|era|eram|foi|foram|está|tem|têm|pode|podem|deve|devem|há)\b", r"não \1"),),
    "ru": ((r"(?<!не )\b(был|была|было|были|может|могут|является|имеет|находится|стал|стала|будет|должен|должны)\b", r"не \1"),),
    "zh": ((r"(?<!不)(是|能|会|可以|必须)", r"不\1"), (r"(?<!没)有", r"没有")),
    "ja": ((r"である", r"ではない"), (r"ます(?=[。、\s]|$)", r"ません"), (r"ました(?=[。、\s]|$)", r"ませんでした"),
           (r"です(?=[。、\s]|$)", r"ではありません"), (r"した(?=[。、\s]|$)", r"しなかった"), (r"できる", r"できない")),
}  # fmt: skip
_REMOVALS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": ((r" not\b", ""), (r"\bno (?=[a-z])", ""), (r"\bnever ", ""), (r"n't\b", "")),
    "de": ((r" nicht\b", ""), (r"\bkein(e|en|em|er)?\b", r"ein\1"), (r"\bnie ", "")),
    "es": ((r"\bno ", ""), (r"\bnunca ", "")),
    "fr": ((r"\bn['’e] ?(\w+) pas\b", r"\1"), (r"\bne (\w+) (?:pas|plus|jamais)\b", r"\1")),
    "it": ((r"\bnon ", ""), (r"\bmai ", "")),
    "pt": ((r"\bnão ", ""), (r"\bnunca ", "")),
    "ru": ((r"\bне ", ""), (r"\bнет ", "есть ")),
    "zh": ((r"不(?=是|能|会|可|得|要|需)", ""), (r"没有", "有")),
    "ja": ((r"ではない", "である"), (r"ません(?!でした)", "ます"), (r"ませんでした", "ました"), (r"しなかった", "した"), (r"できない", "できる")),
}  # fmt: skip


def negation(claim: str, _context: str, lang: str, rng: random.Random) -> str | None:
    """Takes a negation away where there is one, else puts one in."""
    for table in (_REMOVALS, _NEGATIONS):
        for pattern, new in table.get(lang, ()):
            places = list(re.finditer(pattern, claim))
            if places:
                place = rng.choice(places)
                return _replaced(claim, place, place.expand(new))
    return None


_OPPOSITES: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (("before", "after"), ("more", "less"), ("all", "some"), ("first", "last"), ("increased", "decreased"), ("higher", "lower"),
           ("largest", "smallest"), ("always", "sometimes"), ("must", "may"), ("north", "south"), ("east", "west"), ("above", "below"),
           ("with", "without"), ("only", "also"), ("minimum", "maximum"), ("open", "closed"), ("free", "paid"), ("hours", "days"),
           ("days", "weeks"), ("months", "years"), ("million", "billion"), ("early", "late"), ("left", "right"), ("many", "few")),
    "de": (("vor", "nach"), ("mehr", "weniger"), ("alle", "einige"), ("immer", "manchmal"), ("mit", "ohne"), ("muss", "darf"),
           ("über", "unter"), ("nur", "auch"), ("Stunden", "Tage"), ("Tage", "Wochen"), ("Monate", "Jahre"), ("erste", "letzte")),
    "es": (("antes", "después"), ("más", "menos"), ("todos", "algunos"), ("siempre", "a veces"), ("con", "sin"), ("norte", "sur"),
           ("mayor", "menor"), ("primera", "última"), ("primero", "último"), ("horas", "días"), ("días", "semanas"), ("meses", "años")),
    "fr": (("avant", "après"), ("plus", "moins"), ("tous", "certains"), ("toujours", "parfois"), ("avec", "sans"), ("nord", "sud"),
           ("première", "dernière"), ("premier", "dernier"), ("heures", "jours"), ("jours", "semaines"), ("mois", "ans")),
    "it": (("prima", "dopo"), ("più", "meno"), ("tutti", "alcuni"), ("sempre", "talvolta"), ("con", "senza"), ("nord", "sud"),
           ("maggiore", "minore"), ("primo", "ultimo"), ("ore", "giorni"), ("giorni", "settimane"), ("mesi", "anni")),
    "pt": (("antes", "depois"), ("mais", "menos"), ("todos", "alguns"), ("sempre", "às vezes"), ("com", "sem"), ("norte", "sul"),
           ("maior", "menor"), ("primeiro", "último"), ("horas", "dias"), ("dias", "semanas"), ("meses", "anos")),
    "ru": (("до", "после"), ("более", "менее"), ("все", "некоторые"), ("всегда", "иногда"), ("с", "без"), ("первый", "последний"),
           ("больше", "меньше"), ("только", "также"), ("часов", "дней"), ("дней", "недель"), ("месяцев", "лет")),
    "zh": (("之前", "之后"), ("全部", "部分"), ("所有", "一些"), ("最大", "最小"), ("增加", "减少"), ("第一", "最后"), ("小时", "天"), ("北", "南")),
    "ja": (("前", "後"), ("すべて", "一部"), ("最大", "最小"), ("増加", "減少"), ("最初", "最後"), ("時間", "日間"), ("以上", "以下"), ("北", "南")),
}  # fmt: skip


def opposite(claim: str, _context: str, lang: str, rng: random.Random) -> str | None:
    """One word by its opposite: order in time, quantity, certainty, unit."""
    swaps = list(_OPPOSITES.get(lang, ())) + [(b, a) for a, b in _OPPOSITES.get(lang, ())]
    rng.shuffle(swaps)
    whole = "" if lang in ("zh", "ja") else r"\b"
    for old, new in swaps:
        place = re.search(f"{whole}{re.escape(old)}{whole}", claim)
        if place:
            return _replaced(claim, place, new)
    return None


EDITS: tuple[tuple[str, Edit, int], ...] = (
    ("number", number, CONTRADICTED),
    ("name", name, CONTRADICTED),
    ("order", order, CONTRADICTED),
    ("negation", negation, CONTRADICTED),
    ("opposite", opposite, CONTRADICTED),
)


def edited(claim: str, context: str, lang: str, rng: random.Random) -> Edited | None:
    """One edit that this claim allows, chosen evenly; None where it allows none."""
    for kind, edit, verdict in rng.sample(EDITS, len(EDITS)):
        new = edit(claim, context, lang, rng)
        if new is not None and new != claim:
            return Edited(new, kind, verdict)
    return None
