"""Sentences of nine languages, and which of them claim something."""

from __future__ import annotations

import pytest

from scangate.detectors.contextual_grounding.claims import Kind, claims, kind_of
from scangate.detectors.contextual_grounding.sentences import LONGEST, sentences, without_marker


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Dr. Smith paid $3.5 million on Jan. 5. Then he left!", ["Dr. Smith paid $3.5 million on Jan. 5.", "Then he left!"]),
        ("Am 3. März kam er z.B. nach Berlin. Es regnete.", ["Am 3. März kam er z.B. nach Berlin.", "Es regnete."]),
        ("今日は晴れです。「行こう。」と言った。", ["今日は晴れです。", "「行こう。」と言った。"]),
        ("价格是5元。明天开始！", ["价格是5元。", "明天开始！"]),
        ("- one\n- two\n\n| a | b |", ["- one", "- two", "| a | b |"]),
        ("¿Qué hora es? Son las tres.", ["¿Qué hora es?", "Son las tres."]),
        ("See example.com/a.b for v1.2.3 of it. Done.", ["See example.com/a.b for v1.2.3 of it.", "Done."]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_sentences(text: str, parts: list[str]) -> None:
    assert [text[span.start : span.end] for span in sentences(text)] == parts


def test_a_run_without_full_stops_is_cut() -> None:
    found = sentences("word " * 2000)
    assert len(found) > 10 and max(map(len, found)) <= LONGEST


@pytest.mark.parametrize("line", ["- two", "* two", "2) two", "1. two", "## two", "> two", "• two"])
def test_list_markers_are_no_content(line: str) -> None:
    assert without_marker(line) == "two"


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Hello!", Kind.GREETING),
        ("Bonjour !", Kind.GREETING),
        ("您好！", Kind.GREETING),
        ("Would you like me to go on?", Kind.QUESTION),
        ("Let me know if you need more.", Kind.OFFER),
        ("Si necesitas algo más, dímelo.", Kind.OFFER),
        ("お気軽にお問い合わせください。", Kind.OFFER),
        ("The document does not mention a price.", Kind.REFUSAL),
        ("Der Text sagt dazu nichts.", Kind.REFUSAL),
        ("В тексте это не указано.", Kind.REFUSAL),
        ("文中没有提到价格。", Kind.REFUSAL),
        ("I don't know.", Kind.REFUSAL),
        ("I would recommend the second one.", Kind.OPINION),
        ("Here is a summary:", Kind.LEAD_IN),
        ("Yes.", Kind.YES_NO),
        ("Нет.", Kind.YES_NO),
        ("***", Kind.LEAD_IN),
        ("The shop opens at nine.", Kind.CLAIM),
        ("Das Geschäft öffnet um neun.", Kind.CLAIM),
        ("Anna does not like tea.", Kind.CLAIM),
    ],
)
def test_what_claims_nothing(sentence: str, kind: Kind) -> None:
    assert kind_of(sentence) is kind


def test_a_short_answer_is_read_with_its_question_and_a_pronoun_with_what_stands_before() -> None:
    (short,) = claims("Paris.", "Where does she live?")
    assert short.text == "Paris." and short.reading == "Where does she live? Paris."
    first, second = claims("The old harbour crane was moved in 1912. It has stood in the yard ever since that year.")
    assert second.reading == f"{first.text} {second.text}"


def test_a_lone_yes_is_a_claim_and_one_before_a_claim_is_read_with_it() -> None:
    (alone,) = claims("Yes.", "Is breakfast included?")
    assert alone.reading == "Is breakfast included? Yes."
    (after,) = claims("No. Breakfast is served in the garden for ten euros.", "Is breakfast included?")
    assert after.reading == "No. Breakfast is served in the garden for ten euros."


def test_an_echo_of_the_question_claims_nothing() -> None:
    assert kind_of("You ask when the museum shop opens.", "When does the museum shop open, you ask?") is Kind.ECHO


def test_code_is_left_out_and_places_are_those_of_the_response() -> None:
    response = "Run this:\n```\nprint(1). Or not.\n```\nIt prints the number one on the screen."
    (claim,) = claims(response)
    assert response[claim.span.start : claim.span.end] == claim.text == "It prints the number one on the screen."


@pytest.mark.parametrize(
    ("said", "claimed"),
    [
        ("I think that the bridge was built in the old town by monks.", "the bridge was built in the old town by monks."),
        (
            "Ich glaube, dass die Brücke im alten Ort von Mönchen gebaut wurde.",
            "die Brücke im alten Ort von Mönchen gebaut wurde.",
        ),
        ("我认为这座桥是由修道士在古城中心修建完成的。", "这座桥是由修道士在古城中心修建完成的。"),
    ],
)
def test_what_is_only_softened_is_claimed(said: str, claimed: str) -> None:
    assert [claim.text for claim in claims(said)] == [claimed]


def test_advice_and_tastes_are_no_claims() -> None:
    assert claims("I would recommend the early train. I think so. I hope you like it there.") == []


def test_a_claim_says_whether_it_answers_the_question() -> None:
    short, whole = claims("In 1912. The bridge was rebuilt after the great flood of that year.", "When was the bridge built?")
    assert short.answers
    assert not whole.answers
