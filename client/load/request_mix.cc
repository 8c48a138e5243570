// SPDX-License-Identifier: Apache-2.0
#include "client/load/request_mix.h"

#include <random>
#include <string_view>
#include <utility>

#include "strings/str_cat.h"

namespace sta::client {
namespace {

constexpr std::string_view kWords[] = {
    "time",    "year",    "people",  "way",      "day",   "man",   "thing",  "woman",
    "life",    "child",   "world",   "school",   "state", "house", "family", "student",
    "group",   "country", "problem", "hand",     "part",  "place", "case",   "week",
    "company", "system",  "program", "question", "work",  "night", "point",  "home",
    "water",   "room",    "mother",  "area",     "money", "story", "fact",   "month"};

InferRequest TextRequest(const std::string& model, const std::vector<std::string>& texts) {
  return {.model = model, .inputs = {Tensor::OfStrings("text", texts)}};
}

std::string RandomText(int64_t words, std::mt19937_64& engine) {
  std::uniform_int_distribution<size_t> pick(0, std::size(kWords) - 1);
  std::string text;
  for (int64_t i = 0; i < words; ++i) StrAppend(&text, i == 0 ? "" : " ", kWords[pick(engine)]);
  return text;
}

}  // namespace

RequestMix RequestMix::FromTexts(const std::string& model, const std::vector<std::string>& texts,
                                 int64_t rows, int64_t count) {
  RequestMix mix;
  size_t next = 0;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<std::string> batch;
    for (int64_t row = 0; row < rows; ++row) batch.push_back(texts[next++ % texts.size()]);
    mix.requests_.push_back(TextRequest(model, batch));
  }
  return mix;
}

RequestMix RequestMix::GeneratedTexts(const std::string& model, const LengthDistribution& lengths,
                                      int64_t rows, int64_t count, uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::string> texts;
  for (int64_t i = 0; i < rows * count; ++i) {
    texts.push_back(RandomText(lengths.Draw(engine), engine));
  }
  return FromTexts(model, texts, rows, count);
}

RequestMix RequestMix::GeneratedIds(const std::string& model, const LengthDistribution& lengths,
                                    int64_t rows, int64_t count, int64_t vocabulary,
                                    uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::uniform_int_distribution<int64_t> pick(0, vocabulary - 1);
  RequestMix mix;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t length = lengths.Draw(engine);
    std::vector<int64_t> ids(static_cast<size_t>(rows * length));
    for (int64_t& id : ids) id = pick(engine);
    mix.requests_.push_back(
        {.model = model, .inputs = {Tensor::Of("input_ids", {rows, length}, ids)}});
  }
  return mix;
}

RequestMix RequestMix::GeneratedTensors(const std::string& model,
                                        const std::vector<GeneratedTensor>& inputs, int64_t count,
                                        uint64_t seed) {
  std::mt19937_64 engine(seed);
  RequestMix mix;
  for (int64_t i = 0; i < count; ++i) {
    InferRequest request{.model = model};
    for (const GeneratedTensor& input : inputs) request.inputs.push_back(input.Draw(engine));
    mix.requests_.push_back(std::move(request));
  }
  return mix;
}

RequestMix RequestMix::FromRequests(const std::string& model, std::vector<InferRequest> requests) {
  RequestMix mix;
  mix.requests_ = std::move(requests);
  for (InferRequest& request : mix.requests_) request.model = model;
  return mix;
}

double RequestMix::MeanRows() const {
  int64_t rows = 0;
  for (const InferRequest& request : requests_) {
    const bool has_rows = !request.inputs.empty() && !request.inputs[0].shape.empty();
    rows += has_rows ? request.inputs[0].shape[0] : 1;
  }
  return static_cast<double>(rows) / static_cast<double>(requests_.size());
}

}  // namespace sta::client
