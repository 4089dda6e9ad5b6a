"""The learning curve and the receipt: what having sampled costs."""

import json
from dataclasses import replace

import numpy as np
import pytest

from projects.requirement.sections import Sampling
from projects.sampling.curve import Curve, Point, curve_sizes, estimated_loss, fit_curve, learning_curve
from projects.sampling.decide import decide
from projects.sampling.receipt import receipt

SIZES = curve_sizes(100_000)
DECISION = decide(1_000_000, Sampling())


def law(rows: int) -> float:
    return 0.9 - 2 * rows**-0.5


def curve_with(noise: float, gain: float = 2.0, seed: int = 1) -> Curve:
    rng = np.random.default_rng(seed)
    return learning_curve(SIZES, lambda rows: (0.9 - gain * rows**-0.5 + rng.normal() * noise, noise))


def test_sizes_double_up_to_the_sample() -> None:
    assert SIZES == (6250, 12500, 25000, 50000, 100000)
    assert curve_sizes(192) == (48, 96, 192)
    assert curve_sizes(60) == (20, 30, 60)
    assert curve_sizes(12) == (12,)


def test_the_law_is_found_again_from_scores_without_noise() -> None:
    found = curve_with(0.0).law
    assert found is not None
    assert (found.limit, found.gain, found.exponent) == pytest.approx((0.9, 2.0, 0.5))


def test_the_loss_is_the_laws_difference_between_all_rows_and_the_sample() -> None:
    loss = estimated_loss(curve_with(0.0), 100_000, 1_000_000)
    assert loss is not None
    assert loss.estimate == pytest.approx(law(1_000_000) - law(100_000))
    assert loss.low <= loss.estimate <= loss.high


def test_the_interval_holds_the_truth_nine_times_of_ten() -> None:
    truth = law(1_000_000) - law(100_000)
    losses = [estimated_loss(curve_with(0.002, seed=seed), 100_000, 1_000_000) for seed in range(60)]
    hits = [loss is not None and loss.low <= truth <= loss.high for loss in losses]
    assert sum(hits) >= 48


def test_a_score_that_falls_with_rows_loses_nothing() -> None:
    falling = fit_curve([Point(rows, 0.8 - rows * 1e-7, 0.001) for rows in SIZES])
    loss = estimated_loss(falling, 100_000, 1_000_000)
    assert loss is not None
    assert loss.estimate == 0.0


def test_two_sizes_give_no_law_and_the_receipt_says_so() -> None:
    found = receipt(DECISION, fit_curve([Point(100, 0.7, 0.01), Point(200, 0.8, 0.01)]), "roc_auc")
    assert found.loss is None
    assert not found.refit
    assert found.lines()[-1] == (
        "the loss from having sampled is not known: the score was measured at too few sizes"
    )


def test_a_loss_beyond_the_bound_is_refitted_on_all_rows() -> None:
    found = receipt(DECISION, curve_with(0.0, gain=20.0), "roc_auc")
    assert found.refit
    assert found.lines()[-1] == (
        "the estimate is more than sampling.max_loss 0.01: the winner is fitted on all 1,000,000 rows"
    )


def test_a_loss_within_the_bound_keeps_the_sample() -> None:
    found = receipt(DECISION, curve_with(0.0), "roc_auc")
    assert not found.refit
    assert not found.is_noisy
    assert found.lines()[-1].startswith("the estimate is not more than sampling.max_loss 0.01")


def test_scores_too_noisy_to_tell_are_said_to_be() -> None:
    found = receipt(DECISION, curve_with(0.02), "roc_auc")
    assert found.is_noisy
    assert any("too noisy to tell whether that is more than 0.01" in line for line in found.lines())


def test_sizes_whose_score_is_no_number_are_left_out() -> None:
    found = learning_curve((100, 200, 400, 800), lambda rows: (float("nan") if rows == 200 else 0.5, 0.01))
    assert [point.rows for point in found.points] == [100, 400, 800]


def test_unknown_errors_are_taken_from_the_laws_own_residuals() -> None:
    scattered = [Point(rows, law(rows) + (-1) ** at * 0.004, float("nan")) for at, rows in enumerate(SIZES)]
    loss = estimated_loss(fit_curve(scattered), 100_000, 1_000_000)
    assert loss is not None
    assert loss.high - loss.low > 0.005
    assert fit_curve(scattered[:3]).law is None


def test_an_unknown_error_is_not_written() -> None:
    found = receipt(DECISION, fit_curve([Point(100, 0.7, float("nan"))]), "roc_auc")
    assert found.as_dict()["points"] == [{"rows": 100, "score": 0.7, "error": None}]
    assert found.lines()[1] == "roc_auc by rows learned from: 0.7000 at 100"


def test_the_receipt_is_plain_json() -> None:
    told = json.loads(json.dumps(receipt(DECISION, curve_with(0.001), "roc_auc").as_dict(), allow_nan=False))
    assert (told["sampled_rows"], told["all_rows"], len(told["points"])) == (100_000, 1_000_000, 5)


def test_the_plot_reaches_from_the_smallest_size_to_all_rows() -> None:
    drawn = receipt(DECISION, curve_with(0.001), "roc_auc").drawn_law()
    assert (round(drawn[0][0]), round(drawn[-1][0])) == (6250, 1_000_000)
    assert all(low <= high for _, _, low, high in drawn)


def test_all_rows_need_no_verdict() -> None:
    whole = replace(DECISION, rows=1_000_000, sentence="trained on all 1,000,000 rows")
    assert receipt(whole, Curve((), None, ()), "roc_auc").lines() == ("trained on all 1,000,000 rows",)


def test_an_error_is_told_with_its_own_sign() -> None:
    falling = learning_curve(SIZES, lambda rows: (-3 - 200 * rows**-0.5, 0.001))
    found = receipt(DECISION, falling, "rmse", is_error=True, is_share=False)
    told = found.as_dict()
    assert found.lines()[1].startswith("rmse by rows learned from: 5.5298 ± 0.0010 at 6,250")
    assert [point["score"] for point in told["points"]] == [-point.score for point in falling.points]
    assert told["law"]["limit"] == pytest.approx(3)
    assert told["law"]["gain"] == pytest.approx(-200)
    assert "by the law rmse = a + b rows^-c" in found.lines()[2]
    assert found.drawn_law()[0][1] > found.drawn_law()[-1][1] > 3


def test_a_loss_in_the_targets_unit_is_judged_as_a_share_of_the_score() -> None:
    falling = learning_curve(SIZES, lambda rows: (-300 - 200 * rows**-0.5, 0.001))
    found = receipt(DECISION, falling, "rmse", is_error=True, is_share=False)
    assert found.bound == pytest.approx(0.01 * (300 + 200 * 100_000**-0.5))
    assert "is not more than sampling.max_loss 0.01 of the rmse itself, 3.006" in found.lines()[-1]
    assert receipt(DECISION, falling, "rmse", is_error=True).refit
