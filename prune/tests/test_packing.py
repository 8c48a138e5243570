# SPDX-License-Identifier: Apache-2.0
import numpy
import pytest
import tiny
import torch

from sta_prune.packing import BatchShape, Loader, plan_epoch, whole_set
from sta_prune.tokens import TokenizedExamples, load_tokenizer, tokenize

SHAPE = BatchShape(rows=3, row_tokens=16, slots=8)


@pytest.fixture(scope="module")
def data(tiny_directory) -> TokenizedExamples:
    made = tiny.examples(50, seed=3, is_pair=True)
    return tokenize(load_tokenizer(tiny_directory, 16), made.texts, made.pairs, made.labels)


def unpack(batch, job: int) -> dict[int, tuple[list[int], list[int]]]:
    """(ids, types) by example."""
    found = {}
    tokens = batch.sequences.shape[1] * batch.sequences.shape[2]
    for slot in batch.valid[job].nonzero().flatten().tolist():
        begin = int(batch.first[job, slot])
        row, column = divmod(begin, batch.sequences.shape[2])
        number = batch.sequences[job, row, column]
        where = (batch.sequences[job, row] == number).nonzero().flatten()
        assert where[0] == column and begin < tokens
        assert batch.positions[job, row, where].tolist() == list(range(len(where)))
        found[int(batch.examples[job, slot])] = (
            batch.ids[job, row, where].tolist(),
            batch.types[job, row, where].tolist(),
        )
    return found


def test_an_epoch_holds_every_example_once_and_whole(data):
    found = {}
    for batch in whole_set(data, SHAPE, jobs=2):
        part = unpack(batch, 1)
        assert part == unpack(batch, 0)
        assert not found.keys() & part.keys()
        found.update(part)
        for slot in batch.valid[0].nonzero().flatten().tolist():
            assert batch.labels[0, slot] == data.labels[batch.examples[0, slot]]
    assert sorted(found) == list(range(50))
    for example, (ids, types) in found.items():
        where = slice(data.offsets[example], data.offsets[example + 1])
        assert ids == data.ids[where].tolist()
        assert types == data.types[where].tolist()
        assert set(types) == {0, 1}


def test_slots_bound_a_batch():
    plans = plan_epoch(numpy.full(20, 2), SHAPE, numpy.arange(20))
    assert [len(plan) for plan in plans] == [8, 8, 4]


@pytest.mark.parametrize("length", [0, 17])
def test_refuses_lengths_that_have_no_row(length):
    with pytest.raises(ValueError, match=f"{length} tokens"):
        plan_epoch(numpy.array([5, length]), SHAPE, numpy.arange(2))


def test_a_step_depends_on_seed_and_step_alone(data):
    straight = Loader(data, SHAPE, seeds=[1, 2, 1])
    batches = [straight.batch(step) for step in range(30)]
    later = Loader(data, SHAPE, seeds=[1, 2, 1])
    assert torch.equal(later.batch(29).ids, batches[29].ids)
    assert torch.equal(batches[7].ids[0], batches[7].ids[2])
    assert not torch.equal(batches[7].ids[0], batches[7].ids[1])
    # Two epochs in another order.
    seen = [e for b in batches for e in sorted(unpack(b, 0))]
    assert sorted(seen[:50]) == list(range(50)) and seen[:50] != seen[50:100]


def test_no_examples_are_refused(data):
    with pytest.raises(ValueError, match="no examples"):
        empty = TokenizedExamples(data.ids[:0], data.types[:0], data.offsets[:1], data.labels[:0])
        Loader(empty, SHAPE, [1])


def test_tokenized_examples_come_back_from_a_file(data, tmp_path):
    data.save(tmp_path / "tokens.npz")
    back = TokenizedExamples.load(tmp_path / "tokens.npz")
    assert all(numpy.array_equal(getattr(back, name), value) for name, value in vars(data).items())


def test_texts_are_cut_with_their_special_tokens(tiny_directory):
    tokenizer = load_tokenizer(tiny_directory, 6)
    tokens = tokenize(tokenizer, ["good1 bad2 " * 9, "good1"], None)
    assert tokens.lengths().tolist() == [6, 3]
    begin, end = tiny.VOCABULARY.index("[CLS]"), tiny.VOCABULARY.index("[SEP]")
    assert tokens.ids[[0, 5, 6, 8]].tolist() == [begin, end, begin, end]


def test_a_directory_without_tokenizer_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither tokenizer.json nor vocab.txt"):
        load_tokenizer(tmp_path, 16)


def test_unlabeled_texts_take_half_of_an_epoch_and_have_no_label(data, tiny_directory):
    others = tiny.examples(400, seed=4)
    more = tokenize(load_tokenizer(tiny_directory, 16), others.texts, None)
    loader = Loader(data, SHAPE, [1], unlabeled=more)
    seen, tokens, epochs = {}, {True: 0, False: 0}, 0
    for step in range(200):
        batch = loader.batch(step)
        for example, (ids, _) in unpack(batch, 0).items():
            seen[example] = seen.get(example, 0) + 1
            tokens[example < len(data)] += len(ids)
        slots = batch.valid[0]
        assert torch.equal(batch.labels[0, slots].isnan(), batch.examples[0, slots] >= len(data))
        epochs = min(seen.get(e, 0) for e in range(len(data)))
        if epochs == 3:
            break
    assert epochs == 3
    assert tokens[False] == pytest.approx(tokens[True], rel=0.15)
    assert len([e for e in seen if e >= len(data)]) > 60  # newly drawn each time
