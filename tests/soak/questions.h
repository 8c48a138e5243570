// SPDX-License-Identifier: Apache-2.0
//
// Questions: requests of random lengths and their right answers, as a server without cards gave
// them before. Immutable.
//
//   absl::StatusOr<Questions> questions = Questions::Ask(oracle, "model", {.seed = 7});
//   client.InferAsync(questions->request(i), [&](auto answer) { questions->IsRight(i, *answer); });
#ifndef TESTS_SOAK_QUESTIONS_H_
#define TESTS_SOAK_QUESTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/client.h"

namespace sta::soak {

struct QuestionOptions {
  uint64_t seed = 1;
  int64_t count = 256;
  int64_t most_rows = 4;
  int64_t longest = 64;  // tokens of a row
  int64_t vocabulary = 0;
};

class Questions {
 public:
  // One request after the other; statuses of Client::Infer.
  static absl::StatusOr<Questions> Ask(client::Client& oracle, const std::string& model,
                                       const QuestionOptions& options);

  // Of an endless sequence, as IsRight.
  const client::InferRequest& request(int64_t index) const { return At(index).request; }
  // Whether every bit is right.
  bool IsRight(int64_t index, const client::InferResult& answer) const;

 private:
  struct Question {
    client::InferRequest request;
    std::vector<client::Tensor> outputs;
  };

  const Question& At(int64_t index) const {
    return questions_[static_cast<size_t>(index) % questions_.size()];
  }

  std::vector<Question> questions_;
};

}  // namespace sta::soak

#endif  // TESTS_SOAK_QUESTIONS_H_
