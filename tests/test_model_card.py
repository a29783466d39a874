"""The model card: everything on it comes from the run, and it says what the model is not for."""

from __future__ import annotations

import re
from dataclasses import replace

from models.artifact import Model
from pipeline.reports.model_card import model_card
from tests.small_market import BEHAVIOUR, small_market


def test_the_card_says_what_for_from_what_how_good_and_what_not_for() -> None:
    card = (small_market().first.folder.parent / "model_card.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", card, re.MULTILINE) == ["Intended use", "Data", "How it was judged", "Limits", "Not for"]
    assert "SYNTHETIC" in card and "no ground for an inspection by itself" in card


def test_every_scorer_stands_on_the_card_with_the_figure_of_the_evaluation() -> None:
    trained = small_market().first
    summary = trained.summaries[BEHAVIOUR]
    card = model_card(trained.model, trained.verdict)
    for name, one in {"model": summary["model"], **summary["baselines"]}.items():
        low, high = one["pr_auc"]["ci"]
        assert f"| {name} | {one['pr_auc']['value']:.3f} [{low:.3f}, {high:.3f}] |" in card
    assert f"{summary['n']:,} rows, {summary['n_positive']:,} positive" in card and summary["split"]["why"] in card


def test_slices_stand_on_the_card_and_one_with_few_finds_has_no_figure() -> None:
    trained = small_market().first
    card = model_card(trained.model, trained.verdict)
    for name, values in trained.summaries[BEHAVIOUR]["slices"].items():
        for value, one in values.items():
            row = next(line for line in card.splitlines() if line.startswith(f"| {name}: {value} | {one['n']:,} | {one['n_positive']:,} |"))
            assert row.count("–") == 3 if "pr_auc" not in one else f"{one['pr_auc']['value']:.3f}" in row


def test_a_baseline_that_the_model_does_not_beat_is_named_among_the_limits() -> None:
    trained = small_market().first
    evaluation = {BEHAVIOUR: {**trained.summaries[BEHAVIOUR], "paired": {
        "evidence_only": {"pr_auc": {"difference": 0.1, "ci": [0.05, 0.15]}}, "tfidf_logistic": {"pr_auc": {"difference": 0.01, "ci": [-0.1, 0.1]}},
    }}}  # fmt: skip
    card = model_card(replace(trained.model, facts=trained.model.facts | {"evaluation": evaluation}), trained.verdict)
    assert f"- {BEHAVIOUR}: no better than tfidf_logistic outside the noise\n" in card


def test_a_model_without_labels_enough_has_a_card_too() -> None:
    facts = small_market().first.model.facts | {"evaluation": {}, "synthetic": False}
    card = model_card(Model({}, [], [], facts=facts), {BEHAVIOUR: "3 confirmed listings"})
    assert "the evidence score orders everything" in card and "No behaviour had labels enough" in card and "SYNTHETIC" not in card
