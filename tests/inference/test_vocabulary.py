"""The tokenizer and word embeddings that all models share."""

from __future__ import annotations

import numpy as np

from scangate.detectors.contract import Resources
from scangate.detectors.guard import shared_guard, shared_vocabulary
from scangate.inference.catalog import open_folder
from scangate.inference.guard import GUARD_DIR
from scangate.inference.vocabulary import Vocabulary

VOCABULARY = Vocabulary(open_folder(GUARD_DIR))


def test_one_object_a_process() -> None:
    resources = Resources()
    assert shared_vocabulary(resources) is shared_vocabulary(resources)
    assert shared_guard(resources)._vocabulary is shared_vocabulary(resources)


def test_pieces_are_without_start_and_end_and_embeddings_with_them() -> None:
    ids = VOCABULARY.ids("Ein Satz. 一句话。")
    assert ids and VOCABULARY.embeddings(ids).shape == (len(ids) + 2, 384)
    assert np.array_equal(VOCABULARY.embeddings(ids)[1:-1], VOCABULARY.embeddings_of_pair(ids, [])[1 : len(ids) + 1])
    assert VOCABULARY.embeddings_of_pair(ids, ids[:1]).shape == (len(ids) + 5, 384)
    assert VOCABULARY.ids("") == []


def test_lone_surrogates_are_question_marks() -> None:
    assert VOCABULARY.ids("a \ud800 b") == VOCABULARY.ids("a ? b")
