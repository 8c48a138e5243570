# SPDX-License-Identifier: Apache-2.0
import pytest
import torch

from sta_prune.masks import (
    activation_scores,
    check_fits,
    check_mask,
    choose_mask,
    kept_counts,
    leaves_room,
    magnitude_scores,
    straight_through,
)
from sta_prune.patterns import DENSE, Pattern


def random_weight(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("columns", [16, 17, 21, 31])
@pytest.mark.parametrize("pattern", ["1:4", "2:4", "2:8", "3:8", "1:16", "3:7", "7:8", "1:2"])
def test_keeps_exactly_n_of_every_group(pattern, columns):
    parsed = Pattern.parse(pattern)
    mask = choose_mask(random_weight(3, 5, columns).abs(), parsed)
    check_mask(mask, parsed)
    assert mask.sum().item() == 3 * 5 * parsed.kept_in(columns)


@pytest.mark.parametrize("chain", [["4:8", "2:8", "1:8", "1:16"], ["2:4", "1:4"], ["3:8", "2:8"]])
@pytest.mark.parametrize("columns", [32, 37])
def test_nested_masks_lie_inside_and_keep_exactly_n(chain, columns):
    within = None
    for seed, text in enumerate(chain):
        pattern = Pattern.parse(text)
        mask = choose_mask(random_weight(6, columns, seed=seed).abs(), pattern, within)
        check_mask(mask, pattern)
        assert within is None or not (mask & ~within).any()
        within = mask


def test_a_group_without_enough_inherited_places_keeps_those_there_are():
    within = torch.tensor([[True, False, False, False]])
    assert choose_mask(torch.ones(1, 4), Pattern(2, 4), within).tolist() == [[True] + 3 * [False]]


def test_keeps_the_largest_and_of_equal_ones_the_lower_column():
    weight = torch.tensor([[1.0, -3.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]])
    mask = choose_mask(magnitude_scores(weight), Pattern(2, 4))
    assert mask.int().tolist() == [[0, 1, 1, 0, 1, 1, 0, 0]]


def test_activation_scores_weigh_the_inputs():
    weight = torch.tensor([[1.0, -2.0, 3.0, 0.5]])
    scores = activation_scores(weight, torch.tensor([100.0, 1.0, 0.0, 4.0]))
    assert scores.tolist() == [[10.0, 2.0, 0.0, 1.0]]


def test_activation_scores_are_by_job():
    scores = activation_scores(torch.ones(2, 3, 4), torch.tensor([[1.0] * 4, [4.0] * 4]))
    assert scores[0].unique().tolist() == [1.0]
    assert scores[1].unique().tolist() == [2.0]


def test_dense_keeps_everything_or_what_was_inherited():
    scores = random_weight(2, 5).abs()
    assert choose_mask(scores, DENSE).all()
    within = torch.rand(2, 5) > 0.5
    assert torch.equal(choose_mask(scores, DENSE, within), within)


def test_checks_see_one_weight_too_many():
    pattern = Pattern(2, 8)
    mask = choose_mask(random_weight(4, 16).abs(), pattern)
    weight = random_weight(4, 16) * mask
    check_fits(weight, pattern)
    place = int((~mask[0]).nonzero()[0])
    mask[0, place] = True
    weight[0, place] = 1.0
    with pytest.raises(ValueError, match="1 groups of 8"):
        check_mask(mask, pattern)
    with pytest.raises(ValueError, match="does not fit 2:8"):
        check_fits(weight, pattern)
    assert kept_counts(mask, 8)[0].max() == 3


def test_straight_through_prunes_forward_and_not_backward():
    weight = torch.tensor([[1.0, -2.0, 3.0, 4.0]], requires_grad=True)
    mask = torch.tensor([[False, True, False, True]])
    inputs = torch.tensor([5.0, 6.0, 7.0, 8.0])
    gradient = torch.ones(1, 4)
    product = straight_through(weight, mask, gradient, torch.bfloat16)
    assert product.dtype == torch.bfloat16
    output = (product * inputs).sum()
    output.backward()
    assert output.item() == -2.0 * 6.0 + 4.0 * 8.0
    # d output / d (weight x mask) is the input, for pruned weights too; it is added.
    assert gradient.tolist() == [(inputs + 1).tolist()]


@pytest.mark.parametrize("text,room", [("2:8", True), ("4:8", True), ("1:4", False), ("5:8", False)])
def test_an_inherited_mask_leaves_room_or_not(text, room):
    within = torch.zeros(2, 3, 16, dtype=torch.bool)
    within[..., :4] = within[..., 8:12] = True  # four of eight, none in the second half
    within[1] = True
    assert leaves_room(within, Pattern.parse(text)).tolist() == [room, True]
