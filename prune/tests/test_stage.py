# SPDX-License-Identifier: Apache-2.0
import pytest

from sta_prune.patterns import PatternRules
from sta_prune.stage import Stage

RULES = PatternRules.parse("2:8")


def stage(**changes) -> Stage:
    return Stage(**{"patterns": RULES, "steps": 100, "rate": 1e-3, "warmup": 0.1, **changes})


def test_the_rate_is_a_triangle():
    rates = [stage().rate_at(step) for step in range(100)]
    assert max(rates) == pytest.approx(1e-3, rel=0.1)
    assert rates.index(max(rates)) in (9, 10)
    assert rates[:9] == sorted(rates[:9]) and rates[10:] == sorted(rates[10:], reverse=True)
    assert sum(rates) == pytest.approx(1e-3 * 100 / 2, rel=1e-3)
    assert min(rates) > 0


def test_parts_of_a_rate_make_one_triangle():
    whole = [stage().rate_at(step) for step in range(100)]
    halves = [stage(steps=50, rate_part=part) for part in ((0.0, 0.5), (0.5, 1.0))]
    pieces = [half.rate_at(step) for half in halves for step in range(50)]
    assert pieces == pytest.approx(whole)


def test_decay_adds_up_and_follows_the_rate():
    decays = stage(decay=2.0).decays()
    assert sum(decays) == pytest.approx(2.0)
    assert decays[50] / decays[90] == pytest.approx(stage().rate_at(50) / stage().rate_at(90))


def test_masks_are_chosen_every_k_steps_and_frozen_at_the_end():
    chosen = [s for s in range(100) if stage(refresh_every=5, frozen=0.15).chooses_mask_at(s)]
    assert chosen == list(range(0, 85, 5))


def test_one_shot_chooses_once_and_fine_tuning_never():
    assert [s for s in range(100) if stage(refresh_every=0).chooses_mask_at(s)] == [0]
    assert not any(stage(keeps_mask=True).chooses_mask_at(s) for s in range(100))


@pytest.mark.parametrize(("change", "message"), [
    ({"steps": 0}, "0 steps"), ({"saliency": "movement"}, "'movement'"),
])  # fmt: skip
def test_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        stage(**change)
