// SPDX-License-Identifier: Apache-2.0
#include "tests/soak/questions.h"

#include <random>
#include <utility>

namespace sta::soak {
namespace {

client::InferRequest RandomRequest(const std::string& model, const QuestionOptions& options,
                                   std::mt19937_64& random) {
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  const int64_t rows = draw(1, options.most_rows);
  const int64_t length = draw(1, options.longest);
  std::vector<int64_t> ids(static_cast<size_t>(rows * length));
  for (int64_t& id : ids) id = draw(0, options.vocabulary - 1);
  return {.model = model, .inputs = {client::Tensor::Of("input_ids", {rows, length}, ids)}};
}

}  // namespace

absl::StatusOr<Questions> Questions::Ask(client::Client& oracle, const std::string& model,
                                         const QuestionOptions& options) {
  std::mt19937_64 random(options.seed);
  Questions questions;
  for (int64_t i = 0; i < options.count; ++i) {
    Question question = {.request = RandomRequest(model, options, random), .outputs = {}};
    absl::StatusOr<client::InferResult> answer = oracle.Infer(question.request);
    if (!answer.ok()) return answer.status();
    question.outputs = std::move(answer->outputs);
    questions.questions_.push_back(std::move(question));
  }
  return questions;
}

bool Questions::IsRight(int64_t index, const client::InferResult& answer) const {
  return answer.outputs == At(index).outputs;
}

}  // namespace sta::soak
