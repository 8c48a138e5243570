# SPDX-License-Identifier: Apache-2.0
import pytest

from sta_prune.patterns import DENSE, Pattern, PatternRules, split_series

QUERY = "encoder.layer.0.attention.self.query.weight"
OUTPUT = "encoder.layer.1.output.dense.weight"


@pytest.mark.parametrize("text", ["2:8", "1:16", "3:7", "32:64"])
def test_parses_what_it_prints(text):
    assert str(Pattern.parse(text)) == text


@pytest.mark.parametrize("text", ["", "0:8", "9:8", "2", "2:", "2:8:1", "-1:8", "2 : 8", "two:8"])
def test_refuses(text):
    with pytest.raises(ValueError, match="pattern"):
        Pattern.parse(text)


@pytest.mark.parametrize(
    ("pattern", "columns", "kept"),
    [("2:8", 16, 4), ("2:8", 17, 5), ("2:8", 23, 6), ("dense", 5, 5)],
)
def test_counts_kept_weights_of_a_row(pattern, columns, kept):
    assert Pattern.parse(pattern).kept_in(columns) == kept


@pytest.mark.parametrize(
    ("inner", "outer", "nests"),
    [
        ("2:8", "4:8", True), ("1:16", "1:8", True), ("1:8", "2:4", True), ("4:8", "2:8", False),
        ("1:4", "2:8", False), ("1:4", "6:8", True), ("3:16", "1:8", False), ("2:6", "2:8", False),
        ("2:6", "dense", True),
    ],
)  # fmt: skip
def test_knows_what_nests(inner, outer, nests):
    assert Pattern.parse(inner).nests_in(Pattern.parse(outer)) is nests


def test_the_last_rule_that_matches_counts():
    rules = PatternRules.parse("2:8,*.layer.0.*=4:8,*.query.*=dense")
    assert rules.of(QUERY) == DENSE
    assert rules.of("encoder.layer.0.output.dense.weight") == Pattern(4, 8)
    assert rules.of(OUTPUT) == Pattern(2, 8)
    assert str(rules) == "2:8,*.layer.0.*=4:8,*.query.*=dense"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2:8,=4:8", "empty glob"),
        ("2:8,*=4:9:1", r"'\*=4:9:1'"),
        ("2:8,", "pattern rule ''"),
    ],
)
def test_names_the_malformed_rule(text, message):
    with pytest.raises(ValueError, match=message):
        PatternRules.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [("2:8,*.layer.7.*=4:8", "matches no matrix"), ("*.query.*=2:8", "has no pattern")],
)
def test_every_rule_and_every_matrix_is_used(text, message):
    with pytest.raises(ValueError, match=message):
        PatternRules.parse(text).check([QUERY, OUTPUT])


def test_packages_know_only_some_groups():
    PatternRules.parse("3:32,*.query.*=dense").check_packable()
    with pytest.raises(ValueError, match="3:7"):
        PatternRules.parse("3:7").check_packable()


def test_splits_a_series():
    assert [str(rules) for rules in split_series("4:8,2:8,1:8")] == ["4:8", "2:8", "1:8"]
    mixed = split_series("4:8;2:8,*.layer.0.*=4:8")
    assert [str(rules) for rules in mixed] == ["4:8", "2:8,*.layer.0.*=4:8"]
