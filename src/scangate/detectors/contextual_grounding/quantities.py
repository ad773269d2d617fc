"""Numbers, dates, times of day and amounts with units in a text, as values that can be compared: `1.860 €`, `eighteen hundred`,
`2024年3月5日`, `18h30`, `fünfundzwanzig Minuten`. Nine languages; what a word means stands in `lexicon/`.

Texts are read after NFKC, so that `½`, `㎏` and full-width digits need no words of their own; spans therefore are not given.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from scangate.detectors.contextual_grounding.digits import (
    HAN_MYRIADS,
    MINUTES_A_DAY,
    days_of,
    han_scale,
    han_value,
    minutes_of,
    readings_of,
)
from scangate.detectors.contextual_grounding.number_words import number_words
from scangate.detectors.contextual_grounding.quantity import CLOCK, DATE, NUMBER, WEEKDAY, Day, Quantity, Unit
from scangate.detectors.contextual_grounding.tokens import tokenise

_FIRST_WIDE: Final = 0x2E80
_LONGEST_UNIT: Final = 5
_NO_NUMBERS: Final = frozenset(
    [
        "十分",
        "万一",
        "千万",
        "四川",
        "九州",
        "三明",
        "四处",
        "四周",
        "五花",
        "八角",
        "二手",
        "三菱",
        "七夕",
        "五一",
        "一一",
        "百川",
        "一般",
        "一些",
        "一定",
        "一样",
        "三重",
        "千葉",
        "八王",
        "五輪",
        "四国",
        "十勝",
    ]
)
"""How words begin that have a numeral and mean no number."""
_ORDINAL_ENDINGS: Final = frozenset(
    ["st", "nd", "rd", "th", "er", "ère", "ª", "º", "°", "o", "a", "e", "ième", "ème", "й", "я", "е", "го"]
)
_SUFFIX_SCALES: Final = {"k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "tn": 1e12}
_AFTERNOON: Final = frozenset(("pm", "p.m", "下午", "晚上", "傍晚", "午後", "夜"))
_HUNDREDS_OR_COINS: Final = frozenset(("cent", "cents"))
_FRENCH_ONES: Final = frozenset(("deux", "trois", "quatre", "cinq", "sept", "huit", "neuf"))
"""Behind these `cents` are hundreds, and coins behind all others."""
_NEVER_ALONE: Final = frozenset(("cent", "cents", "bn", "mio", "mrd", "тыс", "млн", "млрд"))
"""Scales that mean something else where no number stands before them, or nothing."""
_RANGES: Final = frozenset(
    [
        "-",
        "–",
        "—",
        "~",
        "to",
        "bis",
        "a",
        "à",
        "до",
        "至",
        "到",
        "から",
        "and",
        "or",
        "und",
        "oder",
        "y",
        "o",
        "et",
        "ou",
        "e",
        "и",
        "или",
        "～",
        "..",
    ]
)


def quantities(text: str) -> list[Quantity]:
    """Everything countable in a text, in order. Linear."""
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)
    tokens = tokenise(text)
    return list(_Reader(tokens).read())


class _Reader:
    """Over `(group, text)` tokens; every step looks at a bounded number of neighbours."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._lower = [token.casefold() for _, token in tokens]
        self._words = number_words()

    def read(self) -> Iterator[Quantity]:
        at = 0
        waiting: Quantity | None = None
        ended = 0
        while at < len(self._tokens):
            if not self._may_begin(at):
                at += 1
                continue
            found = self._date(at) or self._clock(at) or self._weekday(at) or self._number(at) or self._bare_unit(at)
            if found is None:
                at += 1
                continue
            quantity, end = found
            if waiting is not None:
                is_range = waiting.unit is None and waiting.kind == NUMBER and self._is_range(ended, at)
                yield replace(waiting, unit=quantity.unit) if is_range else waiting
            waiting, at, ended = quantity, end, end
        if waiting is not None:
            yield waiting

    def _may_begin(self, at: int) -> bool:
        """Cheap: most words are no numbers."""
        group = self._tokens[at][0]
        if group != "word":
            return group in ("digits", "han")
        word, known = self._lower[at], self._words
        if word in known.numbers or word in known.scales or word in known.months or word in known.weekdays or word in known.times:
            return True
        return word[0] >= "а" and word[:3] in known.month_starts

    def _is_range(self, first: int, last: int) -> bool:
        """Whether what stands between two numbers lets them share a unit: `20 to 40 cm`."""
        return last - first == 1 and self._text(first) in _RANGES

    def _group(self, at: int) -> str:
        return self._tokens[at][0] if 0 <= at < len(self._tokens) else ""

    def _text(self, at: int) -> str:
        return self._lower[at] if 0 <= at < len(self._lower) else ""

    def _raw(self, first: int, last: int) -> str:
        return " ".join(token for _, token in self._tokens[first:last])

    def _plain(self, at: int, longest: int = 4) -> int | None:
        """The token as a whole number without any separator."""
        token = self._text(at)
        return (
            int(token) if self._group(at) == "digits" and token.isascii() and token.isdigit() and len(token) <= longest else None
        )

    def _month(self, at: int) -> int | None:
        if self._group(at) != "word":
            return None
        word = self._text(at)
        number = self._words.months.get(word)
        if number is None and word[0] >= "а":
            number = next((self._words.months[word[:size]] for size in (6, 5, 4) if word[:size] in self._words.months), None)
        return number

    def _date(self, at: int) -> tuple[Quantity, int] | None:
        for rule in (self._numeric_date, self._wide_date, self._day_month, self._month_day):
            found = rule(at)
            if found:
                days, end = found
                days = tuple(day for day in days if 0 <= day.month <= 12 and 0 <= day.day <= 31)
                if days:
                    return Quantity(DATE, self._raw(at, end), days=days), end
        return None

    def _numeric_date(self, at: int) -> tuple[tuple[Day, ...], int] | None:
        """`2024-03-05`, `5/3/2024`; with points they are one token."""
        token = self._text(at)
        if self._group(at) != "digits":
            return None
        if token.count(".") == 2 and "," not in token:
            return days_of(token.split(".")), at + 1
        if self._text(at + 1) in ("-", "/") and self._text(at + 3) == self._text(at + 1) and self._plain(at + 4) is not None:
            parts = [token, self._text(at + 2), self._text(at + 4)]
            return days_of(parts), at + 5
        return None

    def _wide_date(self, at: int) -> tuple[tuple[Day, ...], int] | None:
        """`2024年3月5日`, `3月5日`."""
        number = self._plain(at)
        if number is None:
            return None
        if self._text(at + 1).startswith("年") and number >= 1000:
            month, end = self._before_sign(at + 2, "月")
            day, last = self._before_sign(end, "日") if month else (0, end)
            return (Day(number, month, day),), (last if day else end if month else at + 2)
        if self._text(at + 1)[:1] == "月" and not self._text(at + 1).startswith("月間"):
            day, end = self._before_sign(at + 2, "日")
            return ((Day(0, number, day),), end if day else at + 2)
        return None

    def _before_sign(self, at: int, sign: str) -> tuple[int, int]:
        number = self._plain(at, 2)
        return (number, at + 2) if number is not None and self._text(at + 1).startswith(sign) else (0, at)

    def _day_month(self, at: int) -> tuple[tuple[Day, ...], int] | None:
        """`5 March 2024`, `5. März`, `5 de marzo de 2024`, `5th of March`."""
        day = self._plain(at, 2)
        if day is None:
            return None
        next_at = at + 1
        while next_at < at + 3 and self._text(next_at) in (".", "de", "of", "th", "st", "nd", "rd", "er", "º", "°"):
            next_at += 1
        month = self._month(next_at)
        if month is None or (
            len(self._text(next_at)) < 4 and next_at == at + 1 and self._text(next_at) in ("out", "set", "may", "mar")
        ):
            return None
        year, end = self._year(next_at + 1)
        return (Day(year, month, day),), end

    def _month_day(self, at: int) -> tuple[tuple[Day, ...], int] | None:
        """`March 5, 2024`, `March 5th`, `March 2024`, `marzo de 2024`."""
        month = self._month(at)
        if month is None:
            return None
        next_at = at + 1 if self._text(at + 1) != "." else at + 2
        day = self._plain(next_at, 2)
        if day:
            end = next_at + 1
            if self._text(end) in ("th", "st", "nd", "rd"):
                end += 1
            year, end = self._year(end)
            return (Day(year, month, day),), end
        year, end = self._year(next_at)
        return ((Day(year, month, 0),), end) if year else None

    def _year(self, at: int) -> tuple[int, int]:
        """The year here, and where to go on; 0 and `at` where there is none."""
        next_at = at
        while next_at < at + 2 and self._text(next_at) in (",", ".", "de", "del", "of"):
            next_at += 1
        year = self._plain(next_at)
        return (year, next_at + 1) if year is not None and 1000 <= year <= 2199 else (0, at)

    def _clock(self, at: int) -> tuple[Quantity, int] | None:
        token = self._text(at)
        if self._group(at) != "digits":
            return None
        end, minutes, exact = at + 1, None, False
        if token.count(":") == 1:
            hour, _, minute = token.partition(":")
            minutes, exact = minutes_of(hour, minute), True
        following = self._text(end)
        if minutes is None and len(token) <= 5:
            hour, _, minute = token.replace(",", ".").partition(".")
            if following in ("am", "pm", "uhr") or (following in ("a", "p") and self._text(end + 2) == "m"):
                minutes = minutes_of(hour, minute or "0")
            elif following == "h" and self._plain(end + 1, 2) is not None and not minute:
                minutes, end = minutes_of(hour, self._text(end + 1)), end + 2
            elif following[:1] in ("点", "點", "時", "时") and not following.startswith(("時間", "时间")):
                half = following[1:2] == "半"
                minute = (
                    self._text(end + 1) if self._plain(end + 1, 2) is not None and self._text(end + 2)[:1] in ("分", "") else "0"
                )
                minutes, end = minutes_of(hour, "30" if half else minute), end + (1 if minute == "0" else 3)
        if minutes is None:
            return None
        if self._text(end) in ("am", "pm", "uhr"):
            end += 1
        later = self._text(end - 1) == "pm" or self._text(at - 1)[-2:] in _AFTERNOON
        if later and minutes < MINUTES_A_DAY / 2:
            values: tuple[float, ...] = (minutes + MINUTES_A_DAY / 2,)
        elif minutes < MINUTES_A_DAY / 2 and not exact:
            values = (minutes, minutes + MINUTES_A_DAY / 2)
        else:
            values = (minutes, (minutes + MINUTES_A_DAY / 2) % MINUTES_A_DAY)
        return Quantity(CLOCK, self._raw(at, end), values), end

    def _bare_unit(self, at: int) -> tuple[Quantity, int] | None:
        """`a week` is one week."""
        unit = self._words.units.get(self._text(at)) if self._group(at) == "word" else None
        if unit is None or unit.dimension != "time":
            return None
        return Quantity(NUMBER, self._text(at), (1.0,), unit, spelled=True, implied=True), at + 1

    def _weekday(self, at: int) -> tuple[Quantity, int] | None:
        day = self._words.weekdays.get(self._text(at)) if self._group(at) == "word" else None
        return (Quantity(WEEKDAY, self._raw(at, at + 1), (float(day),)), at + 1) if day else None

    def _number(self, at: int) -> tuple[Quantity, int] | None:
        group, token = self._group(at), self._text(at)
        spelled, ordinal, end = False, False, at + 1
        if group == "digits":
            values = readings_of(token)
            if self._text(end) in ("/", "\u2044") and self._plain(end + 1) and len(values) == 1:
                values, end = (values[0] / float(self._text(end + 1)),), end + 2
            elif self._text(end) in _ORDINAL_ENDINGS and self._group(end) != "mark":
                ordinal, end = True, end + 1
            if self._text(end) in _SUFFIX_SCALES and len(self._tokens[end][1]) <= 2 and self._before_is_money(at):
                values, end = tuple(value * _SUFFIX_SCALES[self._text(end)] for value in values), end + 1
        elif group == "han":
            if token + self._text(end) == "百分之":
                return self._share(at)
            value = han_value(token)
            if value is None or token[:2] in _NO_NUMBERS or token[:1] + self._text(end)[:1] in _NO_NUMBERS:
                return None
            values, spelled, ordinal = (value,), True, self._text(at - 1)[-1:] == "第"
        elif group == "word":
            found = self._spelled(at)
            if found is None:
                return None
            value, end = found
            values, spelled = (value,), True
        else:
            return None
        values, end = self._scaled(values, end)
        unit, end = self._unit(at, end)
        return Quantity(NUMBER, self._raw(at, end), values, unit, spelled=spelled, ordinal=ordinal), end

    def _share(self, at: int) -> tuple[Quantity, int] | None:
        """`百分之二十`."""
        token = self._text(at + 2)
        value = han_value(token) if self._group(at + 2) == "han" else None
        values = readings_of(token) if self._group(at + 2) == "digits" else (value,) if value is not None else ()
        unit = self._words.units["%"]
        return (Quantity(NUMBER, self._raw(at, at + 3), values, unit, spelled=True), at + 3) if values else None

    def _before_is_money(self, at: int) -> bool:
        return self._text(at - 1) in ("$", "€", "£", "¥")

    def _spelled(self, at: int) -> tuple[float, int] | None:
        total = current = 0.0
        end, last = at, at
        while end < min(at + 10, len(self._tokens)):
            word = self._text(end)
            value = self._words.numbers.get(word)
            scale = self._words.scales.get(word)
            if value is not None and (current == 0 or _follows(current, value)):
                current += value
            elif scale is not None and word in _HUNDREDS_OR_COINS and self._text(end - 1) not in _FRENCH_ONES:
                break
            elif scale is not None and (current or total or end > at):
                current = max(current, 1.0) * scale
                if scale >= 1000:
                    total, current = total + current, 0.0
            elif scale is not None and end == at and word not in _NEVER_ALONE:
                current = float(scale)
            elif not (end > at and word in self._words.joiners and self._continues(end + 1, current)) and not (
                end > at and word == "-" and self._continues(end + 1, current)
            ):
                break
            else:
                end += 1
                continue
            end += 1
            last = end
        return (total + current, last) if last > at else None

    def _continues(self, at: int, current: float) -> bool:
        value = self._words.numbers.get(self._text(at))
        return value is not None and _follows(current, value)

    def _scaled(self, values: tuple[float, ...], end: int) -> tuple[tuple[float, ...], int]:
        """`1.2 million`, `3,5 Mio.`, `9万`."""
        for _ in range(2):
            word = self._text(end)
            scale = self._words.scales.get(word) if self._group(end) == "word" else HAN_MYRIADS.get(word)
            if self._group(end) == "han" and scale is None:
                scale = han_scale(word)
            if scale is None or (word in ("cent", "cents", "cento") and scale == 100):
                break
            values, end = tuple(value * scale for value in values), end + 1
            if self._text(end) == "." and self._group(end) == "mark":
                end += 1
        return values, end

    def _unit(self, at: int, end: int) -> tuple[Unit | None, int]:
        before = self._words.units.get(self._text(at - 1)) if at and self._group(at - 1) == "mark" else None
        if self._text(at - 1) == "$" and self._text(at - 2) == "r":
            before = self._words.units.get("r$")
        if before is not None and before.dimension not in ("percent",):
            return before, end
        start = end + 1 if self._text(end) in ("-", ")") and self._group(end) == "mark" else end
        if start < len(self._lower) and ord(self._lower[start][0]) >= _FIRST_WIDE:
            run = "".join(self._lower[start : start + 3])
            for size in range(min(_LONGEST_UNIT + 3, len(run)), 0, -1):
                unit = self._words.wide_units.get(run[:size])
                if unit is not None:
                    return unit, end
            return None, end
        for size in (4, 3, 2, 1):
            words = self._lower[start : start + size]
            for joined in (" ".join(words), "".join(words)):
                unit = self._words.units.get(joined)
                if unit is not None and not (joined == "a" or joined == "el"):
                    return unit, start + size
            if size == 1 and words and "-" in words[0]:
                unit = self._words.units.get(words[0].partition("-")[0])
                if unit is not None:
                    return unit, end
        return None, end


def _follows(current: float, value: float) -> bool:
    """Whether `twenty` goes on with `five`, `hundred` with `twenty`: less than the last step of what was read."""
    if current < 20:
        return False
    step = 100.0 if current % 100 == 0 else 10.0 if current % 10 == 0 else 1.0
    return value < step and not (step == 10.0 and value >= 10)
