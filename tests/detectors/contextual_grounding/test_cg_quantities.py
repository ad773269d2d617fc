"""Numbers, dates, times and units as they are written in nine languages."""

from __future__ import annotations

import pytest

from scangate.detectors.contextual_grounding.amounts import Pool, faults
from scangate.detectors.contextual_grounding.quantities import quantities
from scangate.detectors.contextual_grounding.quantity import CLOCK, DATE, NUMBER, WEEKDAY, Day


@pytest.mark.parametrize(
    ("text", "values", "dimension"),
    [
        ("$3.5 million", (3_500_000.0,), "dollar"),
        ("1.860 Euro", (1860.0, 1.86), "euro"),
        ("1.234.567,8 €", (1234567.8,), "euro"),
        ("600 000 рублей", (600_000.0,), "rouble"),
        ("16,5 % годовых", (16.5,), "percent"),
        ("полмиллиона", (500_000.0,), ""),
        ("двадцать пять штук", (25.0,), ""),
        ("fünfundzwanzig Minuten", (25.0,), "time"),
        ("zweihundertdreißig Meter", (230.0,), "length"),
        ("centocinquanta euro", (150.0,), "euro"),
        ("ventotto giorni", (28.0,), "time"),
        ("setenta y dos euros", (72.0,), "euro"),
        ("doscientos kilos", (200.0,), "mass"),
        ("quatre-vingt-dix-sept litres", (97.0,), "volume"),
        ("vinte e cinco por cento", (25.0,), "percent"),
        ("two hundred and five metres", (205.0,), "length"),
        ("a dozen", (12.0,), ""),
        ("15-yard pass", (15.0,), "length"),
        ("$100K", (100_000.0,), "dollar"),
        ("R$ 13,00", (13.0,), "real"),
        ("9.4万日元", (94_000.0,), "yen"),
        ("三百二十克", (320.0,), "mass"),
        ("百分之二十", (20.0,), "percent"),
        ("300円", (300.0,), "yen"),
        ("½ cup", (0.5,), ""),
        ("54 kilometres an hour", (54.0,), "speed"),
        ("(30) days", (30.0,), "time"),
    ],
)
def test_amounts(text: str, values: tuple[float, ...], dimension: str) -> None:
    (found,) = quantities(text)
    assert (found.kind, found.values) == (NUMBER, values)
    assert (found.unit.dimension if found.unit else "") == dimension


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("5 March 2024", Day(2024, 3, 5)),
        ("March 5th, 2024", Day(2024, 3, 5)),
        ("5. März 2024", Day(2024, 3, 5)),
        ("5 de marzo de 2024", Day(2024, 3, 5)),
        ("5 mars 2024", Day(2024, 3, 5)),
        ("5 marzo 2024", Day(2024, 3, 5)),
        ("5 de março de 2024", Day(2024, 3, 5)),
        ("5 марта 2024", Day(2024, 3, 5)),
        ("2024年3月5日", Day(2024, 3, 5)),
        ("2024-03-05", Day(2024, 3, 5)),
        ("26.02.2024", Day(2024, 2, 26)),
        ("March 2024", Day(2024, 3, 0)),
        ("3月5日", Day(0, 3, 5)),
    ],
)
def test_dates(text: str, day: Day) -> None:
    (found,) = quantities(text)
    assert found.kind == DATE and day in found.days


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("14:20", 860), ("6 pm", 1080), ("18 Uhr", 1080), ("18h30", 1110), ("下午3点20分", 920), ("2 p.m.", 840)],
)
def test_times_of_day(text: str, minutes: int) -> None:
    found = quantities(text)[0]
    assert found.kind == CLOCK and minutes in found.values


def test_weekdays_are_the_same_in_all_languages() -> None:
    days = "Monday lunes Montag lundi lunedì segunda-feira понедельник 周一 月曜日"
    assert {(one.kind, one.values) for one in quantities(days)} == {(WEEKDAY, (1.0,))}


@pytest.mark.parametrize(
    "text",
    ["", "no number at all", "十分满意，万一下雨", "Version", "∞ ²", "9" * 100_000, "1/" * 5_000, "3:" * 5_000, "一" * 5000],
)
def test_anything_may_stand_there(text: str) -> None:
    assert all(len(one.values) < 5 for one in quantities(text))


@pytest.mark.parametrize(
    ("claim", "context", "kinds"),
    [
        ("It is 1.5 km long.", "The path is 1,500 metres long.", []),
        ("Take it for two weeks.", "Take it for 14 days.", []),
        ("Tell the doctor seven days before.", "Tell the doctor at least a week before.", []),
        ("It costs 40 euros more.", "One costs 100 euros, the other 140 euros.", []),
        ("That is half of them.", "There are 30 of 60.", []),
        ("Two of five cost £4 each, so £8.", "Three are free; each further one costs £4.", []),
        ("It needs 40 centimetres.", "It needs 40 millimetres.", ["unit"]),
        ("It lasts thirty hours.", "It lasts thirty days.", ["unit"]),
        ("There were 731 guests.", "There were 640 guests.", ["number_absent"]),
        ("It opens on 20 March.", "It opens on 26 March.", ["date_wrong"]),
        ("It opens on 26 March.", "It opens on 26.03.2025.", []),
        ("Closed on Sundays.", "Closed on Mondays.", ["weekday_absent"]),
        ("Open at six in the evening.", "Open until 18:00.", []),
    ],
)
def test_numbers_of_a_claim_beside_those_of_the_context(claim: str, context: str, kinds: list[str]) -> None:
    pool = Pool(quantities(context))
    assert [fault.kind for fault in faults(quantities(claim), pool, pool, Pool(()))] == kinds
