# SPDX-License-Identifier: Apache-2.0
import numpy
import pytest

from sta_prune.tasks import TASKS, Examples, csv_task, read_task_file, split_for_choosing


def test_reads_a_single_text_with_header(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text('sentence\tlabel\na "quoted start \t1\nplain \t0\n')
    data = read_task_file(TASKS["sst2"], path)
    assert data.texts == ('a "quoted start', "plain")
    assert data.pairs is None
    assert data.labels.tolist() == [1.0, 0.0]


def test_reads_pairs_behind_a_byte_order_mark(tmp_path):
    path = tmp_path / "dev.tsv"
    path.write_text("\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t5\t6\tone\ttwo\n")
    data = read_task_file(TASKS["mrpc"], path)
    assert (data.texts, data.pairs, data.labels.tolist()) == (("one",), ("two",), [1.0])


def test_scores_are_scaled_and_words_are_classes(tmp_path):
    path = tmp_path / "stsb.tsv"
    path.write_text("index\tsentence1\tsentence2\tscore\n0\ta\tb\t2.500\n")
    assert read_task_file(TASKS["stsb"], path).labels.tolist() == [0.5]
    path.write_text("index\tsentence1\tsentence2\tlabel\n0\ta\tb\tnot_entailment\n")
    assert read_task_file(TASKS["rte"], path).labels.tolist() == [1.0]


def test_cola_has_no_header(tmp_path):
    path = tmp_path / "cola.tsv"
    path.write_text("gj04\t1\t\tThe sailors rode.\ncj99\t0\t*\tAs you eat.\n")
    data = read_task_file(TASKS["cola"], path)
    assert data.texts == ("The sailors rode.", "As you eat.")
    assert data.labels.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sentence\tlabel\nfine\t1\nbroken\n", "line 3: only 1 columns"),
        ("sentence\tlabel\nfine\tmaybe\n", "line 2: label 'maybe'"),
        ("text\tlabel\nfine\t1\n", "no column 'sentence'"),
        ("", "no column 'sentence'"),
    ],
)
def test_names_what_is_wrong(tmp_path, content, message):
    path = tmp_path / "bad.tsv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_task_file(TASKS["sst2"], path)


def test_reads_a_csv_with_its_own_classes(tmp_path):
    path = tmp_path / "intents.csv"
    path.write_text('text,label\n"hello, you",greet\nbye,leave\nhi,greet\n')
    task = csv_task(path)
    assert task.label_names == ("greet", "leave")
    data = read_task_file(task, path)
    assert data.texts[0] == "hello, you"
    assert data.labels.tolist() == [0.0, 1.0, 0.0]
    path.write_text("sentence,label\n")
    with pytest.raises(ValueError, match="needs the columns text and label"):
        csv_task(path)


def test_scores_classes_by_the_largest_logit_and_scores_by_themselves():
    logits = numpy.array([[0.1, 0.9], [2.0, 1.0]])
    assert TASKS["sst2"].score(numpy.array([1.0, 1.0]), logits) == {"accuracy": 50.0}
    scores = TASKS["stsb"].score(numpy.array([0.1, 0.4, 0.9]), numpy.array([[1.0], [2.0], [3.0]]))
    assert scores["spearman"] == pytest.approx(100.0)


def test_the_choosing_split_is_disjoint_stable_and_bounded():
    texts = tuple(f"text {i}" for i in range(1000)) * 2
    data = Examples(texts, None, numpy.arange(2000.0))
    train, choose = split_for_choosing(data)
    assert len(train) + len(choose) == 2000
    assert 120 < len(choose) < 300
    assert not set(train.texts) & set(choose.texts)
    backwards = data.take(range(1999, -1, -1))
    assert set(split_for_choosing(backwards)[1].texts) == set(choose.texts)
    train, choose = split_for_choosing(data, most=50)
    assert len(choose) == 100  # 50, and the same texts once more
    assert not set(train.texts) & set(choose.texts)
