// SPDX-License-Identifier: Apache-2.0
//
// RequestMix: the requests that a load is made of, prepared before it begins: texts of a file,
// generated texts or token ids whose lengths follow a distribution, generated tensors of any shape,
// or whole requests. Immutable after construction.
#ifndef CLIENT_LOAD_REQUEST_MIX_H_
#define CLIENT_LOAD_REQUEST_MIX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "client/client.h"
#include "client/load/generated_tensor.h"
#include "client/load/length_distribution.h"

namespace sta::client {

class RequestMix {
 public:
  // `count` requests of `rows` texts each, taken from `texts` (not empty) in turn.
  static RequestMix FromTexts(const std::string& model, const std::vector<std::string>& texts,
                              int64_t rows, int64_t count);
  // Texts of common English words, one token each in BERT's vocabulary; lengths are in words.
  static RequestMix GeneratedTexts(const std::string& model, const LengthDistribution& lengths,
                                   int64_t rows, int64_t count, uint64_t seed);
  // Random ids in 0..vocabulary - 1; lengths are in tokens. Rows of one request share a length,
  // since the tensor is rectangular.
  static RequestMix GeneratedIds(const std::string& model, const LengthDistribution& lengths,
                                 int64_t rows, int64_t count, int64_t vocabulary, uint64_t seed);

  // `count` requests with the same inputs and other elements.
  static RequestMix GeneratedTensors(const std::string& model,
                                     const std::vector<GeneratedTensor>& inputs, int64_t count,
                                     uint64_t seed);
  // `requests` (not empty) in turn, each for `model`.
  static RequestMix FromRequests(const std::string& model, std::vector<InferRequest> requests);

  // Mean over the requests of the first dimension of their first inputs; 1 for a scalar.
  double MeanRows() const;

  // Request number `index` of an endless sequence.
  const InferRequest& At(int64_t index) const {
    return requests_[static_cast<size_t>(index) % requests_.size()];
  }

 private:
  std::vector<InferRequest> requests_;
};

}  // namespace sta::client

#endif  // CLIENT_LOAD_REQUEST_MIX_H_
