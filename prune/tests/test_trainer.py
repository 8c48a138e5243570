# SPDX-License-Identifier: Apache-2.0
import time
from dataclasses import replace

import pytest
import tiny
import torch

from sta_prune.bert import classify, encode, matrix_names
from sta_prune.checkpoint import Model, with_head
from sta_prune.integer_encoder import hidden_values
from sta_prune.masks import check_fits, check_mask, choose_mask
from sta_prune.objective import hidden_loss
from sta_prune.packing import BatchShape, Loader, calibration_batches, whole_set
from sta_prune.patterns import Pattern, PatternRules
from sta_prune.quantization import make_plan, quantize
from sta_prune.stage import NO_DISTILLATION, TASK_DISTILLATION, Distillation, Stage
from sta_prune.tokens import load_tokenizer, tokenize
from sta_prune.trainer import Job, Trainer

SHAPE = BatchShape(rows=4, row_tokens=32, slots=16)


def data_of(directory, count: int, seed: int):
    made = tiny.examples(count, seed)
    return tokenize(load_tokenizer(directory, 32), made.texts, None, made.labels)


def stage(patterns: str = "2:8", **changes) -> Stage:
    values = {"steps": 12, "rate": 2e-3, "distillation": NO_DISTILLATION, **changes}
    return Stage(PatternRules.parse(patterns), **values)


@pytest.fixture
def model(tiny_model) -> Model:
    return with_head(tiny_model, ["bad", "good"], seed=1)


@pytest.fixture(scope="module")
def data(tiny_directory):
    return data_of(tiny_directory, 200, seed=1)


def trainer_of(model, data, jobs, **options) -> Trainer:
    parameters = {n: v.expand(len(jobs), *v.shape[1:]) for n, v in model.parameters.items()}
    seeds = [job.seed for job in jobs]
    return Trainer(model.config, parameters, jobs, Loader(data, SHAPE, seeds), **options)


def all_weights(trainer: Trainer) -> torch.Tensor:
    exported = trainer.weights.exported()
    return torch.cat([exported[name].flatten(1) for name in sorted(trainer.weights.values)], 1)


@pytest.mark.parametrize("saliency", ["magnitude", "activation"])
def test_masks_keep_exactly_n_and_exports_fit(model, data, saliency):
    rules = "2:8,*.layer.1.*=1:4,*.layer.0.attention.self.key.*=dense"
    trainer = trainer_of(model, data, [Job("a", stage(rules, saliency=saliency), 1)])
    assert trainer.run()
    exported = trainer.weights.exported()
    for name, mask in trainer.weights.masks.items():
        pattern = PatternRules.parse(rules).of(name)
        check_mask(mask, pattern, name)
        check_fits(exported[name], pattern, name)
    assert trainer.weights.masks["encoder.layer.0.attention.self.key.weight"].all()


def test_an_inherited_mask_is_never_left(model, data):
    inherited = {
        name: choose_mask(torch.rand(value.shape[1:], generator=tiny.seeded(2)), Pattern(4, 8))
        for name, value in model.parameters.items()
        if name in matrix_names(model.config)
    }
    nested = Job("nested", stage("2:8", steps=20, refresh_every=1), 1, inherited)
    free = Job("free", stage("2:8", steps=20, refresh_every=1, is_nested=False), 1, inherited)
    second = trainer_of(model, data, [nested, free])
    outside = 0
    for _ in range(20):
        second.train_step()
        for name, mask in second.weights.masks.items():
            assert not (mask[0] & ~inherited[name]).any()
            outside += int((mask[1] & ~inherited[name]).sum())
    assert outside > 0
    check_mask(second.weights.masks[name], Pattern(2, 8))


def test_masks_that_cannot_nest_still_keep_exactly_n(model, data):
    inherited = {
        name: torch.zeros(model.parameters[name].shape[1:], dtype=torch.bool)
        for name in matrix_names(model.config)
    }
    for mask in inherited.values():
        mask[:, ::8] = mask[:, 1::8] = True
    trainer = trainer_of(model, data, [Job("a", stage("1:4"), 1, inherited)])
    trainer.run()
    for name, mask in trainer.weights.masks.items():
        check_mask(mask, Pattern(1, 4), name)


def test_gradients_of_pruned_and_kept_weights_are_those_of_finite_differences(model, data):
    """The straight-through gradient of a weight is the derivative by the masked weight's entry."""
    trainer = trainer_of(model, data, [Job("a", stage("2:8", rate=0.0), 1)])
    trainer.train_step()
    name = "encoder.layer.1.intermediate.dense.weight"
    gradient = trainer.weights.values[name].grad[0]
    norm = trainer.weights.flat.grad  # the flat buffer itself takes no gradient
    assert norm is None
    batch = Loader(data, SHAPE, [1]).batch(0)
    masked = {k: v.detach().double() for k, v in trainer.weights.masked().items()}

    def loss_with(row: int, column: int, change: float) -> float:
        weight = masked[name].clone()
        weight[0, row, column] += change
        parameters = {**masked, name: weight}
        hidden = encode(parameters, model.config, batch, dtype=torch.float64)[-1]
        first = hidden.gather(1, batch.first.unsqueeze(-1).expand(-1, -1, 32))
        pooled = torch.tanh(
            first @ parameters["pooler.dense.weight"].transpose(1, 2)
            + parameters["pooler.dense.bias"]
        )
        logits = pooled @ parameters["classifier.weight"].transpose(1, 2)
        logits = (logits + parameters["classifier.bias"])[batch.valid]
        labels = batch.labels[batch.valid].long()
        return float(torch.nn.functional.cross_entropy(logits, labels))

    # Clipping scales all gradients of a job by one number.
    kept = trainer.weights.masks[name][0].nonzero()[:5].tolist()
    pruned = (~trainer.weights.masks[name][0]).nonzero()[:5].tolist()
    ratios = []
    for row, column in kept + pruned:
        wanted = (loss_with(row, column, 1e-4) - loss_with(row, column, -1e-4)) / 2e-4
        assert abs(wanted) > 1e-7
        ratios.append(float(gradient[row, column]) / wanted)
    assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=0.02)
    assert 0 < ratios[0] <= 1.001


def test_pruned_weights_decay_and_kept_ones_do_not(model, data):
    job = Job("a", stage("2:8", steps=1, decay=0.5, rate=1e-12, refresh_every=0), 1)
    trainer = trainer_of(model, data, [job])
    before = {name: value.detach().clone() for name, value in trainer.weights.values.items()}
    trainer.train_step()
    for name, value in trainer.weights.values.items():
        mask = trainer.weights.masks.get(name, torch.ones_like(value, dtype=torch.bool))
        assert torch.allclose(value[mask], before[name][mask], atol=1e-7)
        assert torch.allclose(value[~mask], 0.5 * before[name][~mask], atol=1e-7)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_a_resumed_run_gives_the_same_bits(model, data, tmp_path, dropout):
    jobs = [
        Job("a", stage("2:8", dropout=dropout, saliency="activation"), 1),
        Job("b", stage("1:4", dropout=dropout, decay=1.0), 2),
    ]
    straight = trainer_of(model, data, jobs)
    assert straight.run()
    checkpoint = tmp_path / "stage.pt"
    interrupted = trainer_of(model, data, jobs)
    assert not interrupted.run(checkpoint=checkpoint, stop_at=lambda: interrupted.step == 7)
    resumed = trainer_of(model, data, jobs)
    assert resumed.run(checkpoint=checkpoint)
    assert resumed.step == 12
    assert torch.equal(all_weights(resumed), all_weights(straight))
    for name, mask in straight.weights.masks.items():
        assert torch.equal(mask, resumed.weights.masks[name])


def test_jobs_side_by_side_train_as_they_do_alone(model, data):
    jobs = [
        Job("a", stage("2:8"), 1),
        Job("b", stage("1:8", rate=1e-3, refresh_every=3), 2),
        Job("c", stage("4:8", decay=0.0), 1),
    ]
    together = trainer_of(model, data, jobs)
    together.run()
    for index, job in enumerate(jobs):
        alone = trainer_of(model, data, [job])
        alone.run()
        # Sums in another order: equal but for rounding.
        difference = (all_weights(alone)[0] - all_weights(together)[index]).abs()
        assert difference.mean() < 1e-6


def test_trains_in_bfloat16(model, data):
    trainer = trainer_of(model, data, [Job("a", stage("2:8"), 1)], dtype=torch.bfloat16)
    whole = trainer_of(model, data, [Job("a", stage("2:8"), 1)])
    assert trainer.run() and whole.run()
    difference = (all_weights(trainer) - all_weights(whole)).abs().mean()
    assert 0 < difference < 2e-3
    for name, mask in trainer.weights.masks.items():
        check_mask(mask, Pattern(2, 8), name)


def test_unequal_stages_do_not_train_side_by_side(model, data):
    with pytest.raises(ValueError, match="side by side"):
        trainer_of(model, data, [Job("a", stage(), 1), Job("b", stage(steps=13), 1)])


def test_distillation_wants_a_teacher(model, data):
    with pytest.raises(ValueError, match="teacher"):
        trainer_of(model, data, [Job("a", stage(distillation=TASK_DISTILLATION), 1)])


def test_a_loss_that_is_no_number_ends_the_run(model, data):
    model.parameters["classifier.bias"] = torch.full((1, 2), float("nan"))
    with pytest.raises(FloatingPointError, match="a: the loss at step 12 is nan"):
        trainer_of(model, data, [Job("a", stage(), 1)]).run()


def test_training_with_rounding_resumes_to_the_same_bits(model, data, tmp_path):
    job = Job("a", stage("2:8", steps=8, is_quantized=True, keeps_mask=True), 1)
    calibration = calibration_batches(data, SHAPE, most=60)
    straight = trainer_of(model, data, [job], calibration=calibration)
    straight.run()
    interrupted = trainer_of(model, data, [job], calibration=calibration)
    assert not interrupted.run(checkpoint=tmp_path / "a.pt", stop_at=lambda: interrupted.step == 3)
    resumed = trainer_of(model, data, [job], calibration=calibration)
    resumed.run(checkpoint=tmp_path / "a.pt")
    assert torch.equal(all_weights(resumed), all_weights(straight))
    with pytest.raises(ValueError, match="calibration"):
        trainer_of(model, data, [job])


def test_training_with_rounding_mends_what_rounding_costs(tiny_model, data):
    """From the very weights of the teacher, the integers come nearer to its floating-point
    states."""
    model = tiny_model
    calibration = calibration_batches(data, SHAPE, most=60)
    teacher = model.parameters
    distillation = Distillation(hidden=1.0)
    last = stage("dense", steps=60, rate=1e-4, is_quantized=True, distillation=distillation)
    job = Job("a", last, 1)
    trainer = trainer_of(model, data, [job], calibration=calibration, teacher=teacher)

    def hidden_error(parameters) -> float:
        plan = make_plan(parameters, model.config, calibration)
        integer = quantize(parameters, model.config, plan)
        total = 0.0
        for batch in whole_set(data, SHAPE, jobs=1):
            with torch.no_grad():
                wanted = encode(teacher, model.config, batch)
                total += float(hidden_loss(hidden_values(integer, batch), wanted, batch))
        return total

    before = hidden_error(trainer.weights.exported())
    trainer.run()
    assert hidden_error(trainer.weights.exported()) < 0.92 * before


def accuracy_of(parameters, config, data) -> float:
    right = 0
    with torch.no_grad():
        for batch in whole_set(data, SHAPE, jobs=1):
            logits = classify(parameters, encode(parameters, config, batch)[-1], batch)
            hits = (logits.argmax(-1) == batch.labels.long()) & batch.valid
            right += int(hits.sum())
    return right / len(data)


def test_a_chain_really_learns(model, tiny_directory):
    """From random weights to a task, then down to 1:8 with a teacher: fails where gradients do not
    reach the weights, masks starve a layer, or a stage does not start from the one before."""
    begin = time.process_time()
    train, held = data_of(tiny_directory, 2000, 11), data_of(tiny_directory, 400, 12)
    dense = trainer_of(model, train, [Job("dense", stage("dense", steps=300, rate=3e-3), 1)])
    dense.run()
    teacher = dense.weights.exported()
    assert accuracy_of(teacher, model.config, held) > 0.93

    state, inherited = replace(model, parameters=teacher), None
    for patterns in ("4:8", "2:8", "1:8"):
        now = stage(patterns, steps=100, rate=3e-3, distillation=TASK_DISTILLATION)
        chain = trainer_of(state, train, [Job("chain", now, 1, inherited)], teacher=teacher)
        one_shot = accuracy_of(chain.weights.exported(), model.config, held)
        chain.run()
        inherited = {name: mask[0] for name, mask in chain.weights.masks.items()}
        state = replace(model, parameters=chain.weights.exported())
    assert accuracy_of(state.parameters, model.config, held) > 0.88
    assert one_shot > 0.7  # what 1:8 inherits is worth something before it is trained
    assert time.process_time() - begin < 60
