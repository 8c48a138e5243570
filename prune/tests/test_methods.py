# SPDX-License-Identifier: Apache-2.0
import pytest

from sta_prune.methods import METHODS, Settings, plans
from sta_prune.patterns import split_series
from sta_prune.stage import NO_DISTILLATION

SERIES = split_series("4:8,2:8,1:8,1:16")
SETTINGS = Settings(steps=100)


def test_a_chain_goes_through_every_pattern():
    (plan,) = plans("idp", SERIES, SETTINGS)
    assert [str(stage.patterns) for stage in plan.stages] == ["4:8", "2:8", "1:8", "1:16"]
    assert {i: str(rules) for i, rules in plan.candidates.items()} == {
        0: "4:8", 1: "2:8", 2: "1:8", 3: "1:16",
    }  # fmt: skip
    assert all(stage.is_nested and stage.dropout == 0.0 for stage in plan.stages)
    assert [stage.saliency for stage in plan.stages] == 3 * ["magnitude"] + ["activation"]


@pytest.mark.parametrize("method", sorted(METHODS))
def test_budgets_are_equal(method):
    by_pattern = {}
    for plan in plans(method, SERIES, SETTINGS):
        for index, rules in plan.candidates.items():
            by_pattern[str(rules)] = sum(stage.steps for stage in plan.stages[: index + 1])
    assert by_pattern == {"4:8": 100, "2:8": 200, "1:8": 300, "1:16": 400}


def test_a_whole_series_may_cost_the_same_instead():
    separate = plans("srste", SERIES, Settings(steps=100, equal_for="series"))
    assert sum(plan.stages[0].steps for plan in separate) == 400


def test_ablations_change_one_thing_each():
    (idp,) = plans("idp", SERIES, SETTINGS)
    (free,) = plans("idp-free", SERIES, SETTINGS)
    assert not any(stage.is_nested for stage in free.stages)
    (one_rate,) = plans("idp-one-rate", SERIES, SETTINGS)
    rates = [stage.rate_at(step) for stage in one_rate.stages for step in range(100)]
    assert rates.index(max(rates)) < 100 and rates[100:] == sorted(rates[100:], reverse=True)
    (one_decay,) = plans("idp-one-decay", SERIES, SETTINGS)
    assert sum(sum(stage.decays()) for stage in one_decay.stages) == pytest.approx(2.0)
    assert sum(sum(stage.decays()) for stage in idp.stages) == pytest.approx(8.0)
    restarts = plans("srste-restarts", SERIES, SETTINGS)[-1]
    assert [str(stage.patterns) for stage in restarts.stages] == 4 * ["1:16"]


def test_without_a_teacher_rates_are_lower_and_dropout_is_on():
    free = Settings(steps=100, distillation=NO_DISTILLATION)
    (plan,) = plans("idp", SERIES, free)
    assert [stage.rate for stage in plan.stages] == [3e-4, 3e-4, 1e-3, 1e-3]
    assert all(stage.dropout == 0.1 for stage in plan.stages)


def test_one_shot_chooses_its_mask_once():
    for plan in plans("asp", SERIES, SETTINGS):
        (stage,) = plan.stages
        chosen = [step for step in range(stage.steps) if stage.chooses_mask_at(step)]
        assert chosen == [0] and stage.saliency == "magnitude"


@pytest.mark.parametrize(("method", "series", "settings", "message"), [
    ("magic", SERIES, SETTINGS, "'magic'"),
    ("idp", [], SETTINGS, "needs a pattern"),
    ("idp", SERIES, Settings(steps=1, equal_for="me"), "'me'"),
])  # fmt: skip
def test_refuses(method, series, settings, message):
    with pytest.raises(ValueError, match=message):
        plans(method, series, settings)
