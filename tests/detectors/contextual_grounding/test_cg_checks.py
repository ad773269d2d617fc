"""What is seen without the model: edits of a sentence of the context in nine languages, and faithful answers that show nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Seen = Callable[..., set[str]]

CONTEXTS = {
    "en": "The lighthouse of Cape Orra was built in 1874 by Thomas Reid. It is not open to visitors in winter. The keeper Ada Holm "
    "moved in before the storm, and the painter Jan Brandt came after it. The tower is 31 metres high.",
    "es": "El faro del cabo Orra fue construido en 1874 por Tomás Rey. No está abierto a los visitantes en invierno. La torre mide 31 "
    "metros de altura.",
    "de": "Der Leuchtturm von Kap Orra wurde im Jahr 1874 von Thomas Reid gebaut. Er ist im Winter nicht für Besucher geöffnet. Der Turm "
    "ist 31 Meter hoch.",
    "fr": "Le phare du cap Orra a été construit en 1874 par Thomas Reid. Il n'est pas ouvert aux visiteurs en hiver. La tour mesure 31 "
    "mètres de haut.",
    "it": "Il faro di capo Orra fu costruito nel 1874 da Tommaso Rei. Non è aperto ai visitatori in inverno. La torre è alta 31 metri.",
    "pt": "O farol do cabo Orra foi construído em 1874 por Tomás Rei. Não está aberto aos visitantes no inverno. A torre tem 31 metros "
    "de altura.",
    "ru": "Маяк на мысе Орра был построен в 1874 году Томасом Рейдом. Он не открыт для посетителей зимой. Высота башни составляет 31 метр.",
    "ja": "オラ岬の灯台は1874年に建てられました。冬は見学できません。塔の高さは31メートルです。",
    "zh": "奥拉角灯塔建于1874年，设计者是雷德。灯塔冬天不对游客开放。塔高31米，灯光可以照到很远。",
}

EDITS = [
    ("en", "The lighthouse of Cape Orra was built in 1847 by Thomas Reid.", "aligned_number"),
    ("en", "The lighthouse of Cape Orra was built in 1874 by Peter Lund.", "aligned_name"),
    ("en", "The lighthouse of Cape Orra was built in 1874 by Ada Holm.", "aligned_name"),
    ("en", "It is open to visitors in winter.", "aligned_negation"),
    ("en", "The keeper Ada Holm moved in after the storm.", "aligned_opposite"),
    ("en", "The keeper Jan Brandt moved in before the storm, and the painter Ada Holm came after it.", "aligned_order"),
    ("en", "The tower is 31 feet high.", "unit"),
    ("en", "The plaque says “a light for all who sail by night”.", "quotation"),
    ("es", "El faro del cabo Orra fue construido en 1784 por Tomás Rey.", "aligned_number"),
    ("es", "Está abierto a los visitantes en invierno.", "aligned_negation"),
    ("de", "Der Leuchtturm von Kap Orra wurde im Jahr 1784 von Thomas Reid gebaut.", "aligned_number"),
    ("de", "Er ist im Winter für Besucher geöffnet.", "aligned_negation"),
    ("fr", "Le phare du cap Orra a été construit en 1784 par Thomas Reid.", "aligned_number"),
    ("fr", "Il est ouvert aux visiteurs en hiver.", "aligned_negation"),
    ("it", "Il faro di capo Orra fu costruito nel 1784 da Tommaso Rei.", "aligned_number"),
    ("it", "È aperto ai visitatori in inverno.", "aligned_negation"),
    ("pt", "O farol do cabo Orra foi construído em 1784 por Tomás Rei.", "aligned_number"),
    ("pt", "Está aberto aos visitantes no inverno.", "aligned_negation"),
    ("ru", "Маяк на мысе Орра был построен в 1784 году Томасом Рейдом.", "aligned_number"),
    ("ru", "Он открыт для посетителей зимой.", "aligned_negation"),
    ("ja", "オラ岬の灯台は1784年に建てられました。", "date_wrong"),
    ("ja", "塔の高さは31キロメートルです。", "unit"),
    ("zh", "奥拉角灯塔建于1784年。", "aligned_number"),
    ("zh", "灯塔冬天对游客开放。", "aligned_negation"),
]

FAITHFUL = [
    ("en", "Thomas Reid built it in 1874, and it stands 31 m tall."),
    ("en", "In winter the lighthouse stays closed to visitors."),
    ("en", "The TR lighthouse dates from the nineteenth century."),
    ("en", "Ada Holm came first; Brandt, the painter, arrived when the storm was over."),
    ("es", "Lo construyó Tomás Rey en 1874; la torre tiene treinta y un metros."),
    ("de", "Thomas Reid baute ihn 1874; im Winter bleibt er zu."),
    ("fr", "Thomas Reid l'a bâti en 1874 et il mesure trente et un mètres."),
    ("it", "Lo costruì Tommaso Rei nel 1874; d'inverno è chiuso."),
    ("pt", "Foi Tomás Rei quem o construiu em 1874; no inverno fica fechado."),
    ("ru", "Его построил Томас Рейд в 1874 году, зимой он закрыт."),
    ("ja", "1874年に建てられ、高さは31メートルです。"),
    ("zh", "灯塔1874年建成，高31米，冬天不开放。"),
]


@pytest.mark.parametrize(("language", "response", "sign"), EDITS, ids=[f"{edit[0]}-{edit[2]}" for edit in EDITS])
def test_an_edit_of_the_contexts_sentence_is_seen(signs: Seen, language: str, response: str, sign: str) -> None:
    assert sign in signs(CONTEXTS[language], response)


@pytest.mark.parametrize(("language", "response"), FAITHFUL, ids=range(len(FAITHFUL)))
def test_a_faithful_answer_shows_nothing(signs: Seen, language: str, response: str) -> None:
    assert not signs(CONTEXTS[language], response)


@pytest.mark.parametrize("language", CONTEXTS)
def test_the_context_itself_shows_nothing(signs: Seen, language: str) -> None:
    assert not signs(CONTEXTS[language], CONTEXTS[language])


def test_a_name_or_number_of_the_question_is_known(signs: Seen) -> None:
    assert not signs(CONTEXTS["en"], "Yes, Bernard Quill can visit with 47 people.", "Can Bernard Quill come with 47 people?")
    assert {"name_absent", "number_absent"} <= signs(CONTEXTS["en"], "It was sold to Bernard Quill for 4750 pounds.")
