# SPDX-License-Identifier: Apache-2.0
"""Triton's extensions through Triton's Python client, unmodified."""

import asyncio
import queue

import grpc
import numpy
import pytest
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
import tritonclient.utils.shared_memory as shared_memory

from server_process import ServerProcess

TEXTS = ["hello world", "a much longer sentence than the others", "", "x"]
ANSWER_TIMEOUT_S = 60


@pytest.fixture(scope="module")
def client(server):
    with triton.InferenceServerClient(server.rpc_address) as opened:
        yield opened


def text_input(texts):
    tensor = triton.InferInput("text", [len(texts)], "BYTES")
    tensor.set_data_from_numpy(numpy.array([t.encode() for t in texts], dtype=object))
    return tensor


def embedding(client, text):
    return client.infer("embed", [text_input([text])]).as_numpy("sentence_embedding")


def refusal(call, *arguments, **options):
    with pytest.raises(triton.InferenceServerException) as error:
        call(*arguments, **options)
    return error.value.status(), error.value.message()


INVALID = str(grpc.StatusCode.INVALID_ARGUMENT)
NOT_FOUND = str(grpc.StatusCode.NOT_FOUND)


# Streams.


def test_a_stream_answers_in_order_and_goes_on_after_an_error(client):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    try:
        for place, text in enumerate(TEXTS):
            client.async_stream_infer("embed", [text_input([text])], request_id=str(place))
            client.async_stream_infer("nobody", [text_input([text])])
        for place, text in enumerate(TEXTS):
            result, error = answers.get(timeout=ANSWER_TIMEOUT_S)
            assert error is None
            assert result.get_response().id == str(place)
            assert numpy.array_equal(
                result.as_numpy("sentence_embedding"), embedding(client, text)
            )
            result, error = answers.get(timeout=ANSWER_TIMEOUT_S)
            assert error.message().startswith("model 'nobody' is not known")
    finally:
        client.stop_stream()
    assert answers.empty()


def test_a_stream_says_which_answer_is_final(client):
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    try:
        client.async_stream_infer(
            "embed", [text_input(["x"])], enable_empty_final_response=True
        )
        result, error = answers.get(timeout=ANSWER_TIMEOUT_S)
    finally:
        client.stop_stream()
    assert error is None
    assert result.get_response().parameters["triton_final_response"].bool_param


def test_a_stream_of_many_requests(client):
    """More than the server lets be in flight."""
    answers = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    try:
        for number in range(500):
            client.async_stream_infer("embed", [text_input(["x"])], request_id=str(number))
        for number in range(500):
            result, error = answers.get(timeout=ANSWER_TIMEOUT_S)
            assert error is None
            assert result.get_response().id == str(number)
    finally:
        client.stop_stream()


def test_an_aio_stream(server):
    async def ask():
        async def requests():
            for text in TEXTS:
                yield {"model_name": "embed", "inputs": [text_input([text])], "request_id": text}

        async with triton_aio.InferenceServerClient(server.rpc_address) as aio:
            return [
                (result.get_response().id, error)
                async for result, error in aio.stream_infer(requests())
            ]

    assert asyncio.run(ask()) == [(text, None) for text in TEXTS]


def test_a_draining_server_ends_streams(server_binary, packages):
    arguments = ["--store", str(packages), "--store-read-only", "true"]
    answers = queue.Queue()
    with ServerProcess(server_binary, arguments) as server:
        with triton.InferenceServerClient(server.rpc_address) as client:
            client.start_stream(lambda result, error: answers.put((result, error)))
            client.async_stream_infer("embed", [text_input(["x"])])
            assert answers.get(timeout=ANSWER_TIMEOUT_S)[1] is None
            server.signal(15)
            _, error = answers.get(timeout=ANSWER_TIMEOUT_S)
            assert error.status() == str(grpc.StatusCode.UNAVAILABLE)
            assert error.message() == "the server is shutting down"
            assert server.wait() == 0


# Configuration and statistics.


def test_model_config_agrees_with_metadata(client):
    for name in ("embed", "classify"):
        config = client.get_model_config(name).config
        metadata = client.get_model_metadata(name)
        assert config.name == name
        assert config.max_batch_size == 4096
        for listed, configured in (
            (metadata.inputs, config.input),
            (metadata.outputs, config.output),
        ):
            assert {t.name: list(t.shape) for t in listed} == {
                t.name: [-1, *t.dims] for t in configured
            }
        assert all(tensor.optional for tensor in config.input)
    assert refusal(client.get_model_config, "nobody")[0] == NOT_FOUND


def test_statistics_add_up(client):
    def totals():
        (entry,) = client.get_inference_statistics("embed").model_stats
        assert (entry.name, entry.version) == ("embed", "2")
        return entry

    before = totals()
    client.infer("embed", [text_input(TEXTS)])
    refusal(client.infer, "embed", [])
    after = totals()
    assert after.inference_count - before.inference_count == len(TEXTS)
    assert after.execution_count > before.execution_count
    assert after.last_inference >= before.last_inference > 0
    for part, count in (
        ("success", 1),
        ("fail", 1),
        ("queue", 1),
        ("compute_input", 1),
        ("compute_infer", 1),
        ("compute_output", 1),
    ):
        old, new = (getattr(entry.inference_stats, part) for entry in (before, after))
        assert (part, new.count - old.count) == (part, count)
        assert new.ns >= old.ns


def test_statistics_by_batch_size(client):
    """Requests one after the other on an idle server are a batch each."""
    def by_size():
        (entry,) = client.get_inference_statistics("embed").model_stats
        sizes = [batches.batch_size for batches in entry.batch_stats]
        assert sizes == sorted(set(sizes))
        assert sum(b.compute_infer.count for b in entry.batch_stats) == entry.execution_count
        return {b.batch_size: b for b in entry.batch_stats}

    client.infer("embed", [text_input(["x"])])
    before = by_size()
    for texts in (["x"], ["y"], ["a", "b", "c", "d", "e"]):
        client.infer("embed", [text_input(texts)])
    after = by_size()
    for size, count in ((1, 2), (5, 1)):
        old = before.get(size, after[size].__class__()).compute_infer
        new = after[size].compute_infer
        assert (size, new.count - old.count) == (size, count)
        assert new.ns > old.ns
        assert not after[size].HasField("compute_input")


def test_statistics_of_all_models(client):
    everything = client.get_inference_statistics().model_stats
    assert {(entry.name, entry.version) for entry in everything} == {
        ("embed", "2"),
        ("classify", "1"),
    }
    assert refusal(client.get_inference_statistics, "nobody")[0] == NOT_FOUND
    assert refusal(client.get_inference_statistics, "embed", "77")[0] == NOT_FOUND


# Log and trace settings.


def test_log_settings_change_what_is_logged(server_binary, packages):
    arguments = ["--store", str(packages), "--store-read-only", "true"]
    with ServerProcess(server_binary, arguments) as server:
        with triton.InferenceServerClient(server.rpc_address) as client:
            settings = client.get_log_settings(as_json=True)["settings"]
            assert settings["log_info"] == {"bool_param": True}
            assert settings["log_verbose_level"] == {"uint32_param": 0}
            changed = client.update_log_settings(
                {"log_info": False, "log_verbose_level": 1}, as_json=True
            )["settings"]
            assert changed["log_info"] == {"bool_param": False}
            assert changed["log_verbose_level"] == {"uint32_param": 1}
            assert refusal(client.update_log_settings, {"log_file": "/tmp/x", "log_info": True}) == (
                INVALID,
                "log setting 'log_file': '/tmp/x' cannot be set while the server runs; it is ''",
            )
            assert client.get_log_settings(as_json=True)["settings"] == changed
        server.signal(15)
        assert server.wait() == 0
        assert "draining" not in {event["event"] for event in server.events()}


def test_trace_settings_tell_the_truth(client):
    assert client.get_trace_settings(as_json=True) == {
        "settings": {"trace_level": {"value": ["OFF"]}}
    }
    client.update_trace_settings(settings={"trace_level": ["OFF"], "trace_rate": None})
    status, message = refusal(
        client.update_trace_settings, settings={"trace_level": ["TIMESTAMPS"]}
    )
    assert status == INVALID
    assert message.startswith("trace setting 'trace_level': 'TIMESTAMPS' is not offered")
    assert refusal(client.get_trace_settings, model_name="nobody")[0] == NOT_FOUND


# Parameters.


def test_the_best_classes(client):
    plain = client.infer("classify", [text_input(TEXTS)])
    probabilities, labels = plain.as_numpy("probabilities"), plain.as_numpy("label")
    wanted = [triton.InferRequestedOutput("probabilities", class_count=2)]
    best = client.infer("classify", [text_input(TEXTS)], outputs=wanted).as_numpy("probabilities")
    assert best.shape == (len(TEXTS), 2)
    for row in range(len(TEXTS)):
        value, index, label = best[row, 0].decode().split(":")
        assert int(index) == probabilities[row].argmax()
        assert float(value) == pytest.approx(probabilities[row].max(), abs=1e-6)
        assert label == labels[row].decode()
        assert float(value) >= float(best[row, 1].decode().split(":")[0])


@pytest.mark.parametrize("datatype", ["FP16", "BF16"])
def test_half_floats(client, datatype):
    full = embedding(client, "hello")
    answer = client.infer(
        "embed", [text_input(["hello"])], parameters={"sta_datatype": datatype}
    )
    assert answer.get_output("sentence_embedding").datatype == datatype
    got = answer.as_numpy("sentence_embedding")
    if datatype == "FP16":
        assert numpy.array_equal(got, full.astype(numpy.float16))
    else:
        assert got == pytest.approx(full, rel=2**-8)
        assert len(answer.get_response().raw_output_contents[0]) == 2 * full.size


def test_timing_in_the_answer(client):
    answer = client.infer("embed", [text_input(TEXTS)], parameters={"sta_timing": True})
    times = {
        name: value.int64_param for name, value in answer.get_response().parameters.items()
    }
    total = times.pop("sta_total_us")
    assert set(times) == {"sta_input_us", "sta_queue_us", "sta_compute_us", "sta_output_us"}
    assert all(0 <= time <= total for time in times.values())


def test_a_timeout_that_has_passed_is_deadline_exceeded(client):
    # A microsecond is over before the text is tokenized.
    assert refusal(client.infer, "embed", [text_input(["hello"])], timeout=1)[0] == str(
        grpc.StatusCode.DEADLINE_EXCEEDED
    )


def test_a_priority_of_each_type(client):
    expected = embedding(client, "hello")
    answer = client.infer("embed", [text_input(["hello"])], priority=1)
    assert numpy.array_equal(answer.as_numpy("sentence_embedding"), expected)


# Shared memory.


@pytest.fixture
def region(client):
    handle = shared_memory.create_shared_memory_region("region", "/sta_system_test", 4096)
    client.register_system_shared_memory("region", "/sta_system_test", 4096)
    yield handle
    client.unregister_system_shared_memory("region")
    shared_memory.destroy_shared_memory_region(handle)


def test_tensors_in_shared_memory(client, region):
    ids = numpy.array([[2, 7, 8, 3]], dtype=numpy.int64)
    by_ids = triton.InferInput("input_ids", [1, 4], "INT64")
    by_ids.set_data_from_numpy(ids)
    expected = client.infer("embed", [by_ids]).as_numpy("sentence_embedding")

    shared_memory.set_shared_memory_region(region, [ids])
    tensor = triton.InferInput("input_ids", [1, 4], "INT64")
    tensor.set_shared_memory("region", ids.nbytes)
    wanted = triton.InferRequestedOutput("sentence_embedding")
    wanted.set_shared_memory("region", 2048, offset=1024)
    answer = client.infer("embed", [tensor], outputs=[wanted])
    assert list(answer.get_response().raw_output_contents) == [b""]
    got = shared_memory.get_contents_as_numpy(region, numpy.float32, expected.shape, offset=1024)
    assert numpy.array_equal(got, expected)


def test_regions_come_and_go(client, region):
    status = client.get_system_shared_memory_status(as_json=True)["regions"]
    assert status["region"]["key"] == "/sta_system_test"
    assert status["region"]["byte_size"] == "4096"
    assert refusal(client.register_system_shared_memory, "more", "/sta_system_test", 4097) == (
        INVALID,
        "shared memory '/sta_system_test' has 4096 bytes; 4097 at offset 0 are not inside of it",
    )
    assert refusal(client.get_system_shared_memory_status, "nobody")[0] == NOT_FOUND
    client.unregister_system_shared_memory()
    assert not client.get_system_shared_memory_status().regions


def test_memory_of_gpus_is_answered_with_nothing(client):
    assert not client.get_cuda_shared_memory_status().regions
    client.unregister_cuda_shared_memory()
