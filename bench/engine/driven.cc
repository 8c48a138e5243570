// SPDX-License-Identifier: Apache-2.0
#include "bench/engine/driven.h"

#include <istream>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "bench/engine/measurement.h"
#include "strings/str_cat.h"

namespace sta::bench {
namespace {

class DrivenEngine {
 public:
  explicit DrivenEngine(EngineRunner& runner) : runner_(runner) {}

  absl::StatusOr<std::string> Answer(const std::string& line) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int repeats = 0;
    if (words.size() == 3 && words[0] == "run" && absl::SimpleAtoi(words[2], &repeats) &&
        repeats >= 1) {
      return RunShape(words[1], repeats);
    }
    if (words.size() == 2 && words[0] == "embed") return EmbedShape(words[1]);
    return absl::InvalidArgumentError(
        StrCat("'", line, "' is neither 'run SHAPE REPEATS' nor 'embed SHAPE'"));
  }

 private:
  absl::StatusOr<PreparedWorkload*> Find(const std::string& shape) {
    std::unique_ptr<PreparedWorkload>& prepared = workloads_[shape];
    if (prepared == nullptr) {
      absl::StatusOr<std::unique_ptr<PreparedWorkload>> made = runner_.Prepare(shape);
      if (!made.ok()) return made.status();
      prepared = *std::move(made);
    }
    return prepared.get();
  }

  absl::StatusOr<std::string> RunShape(const std::string& shape, int repeats) {
    const absl::StatusOr<PreparedWorkload*> prepared = Find(shape);
    if (!prepared.ok()) return prepared.status();
    std::string answer;
    for (int i = 0; i < repeats; ++i) {
      const absl::StatusOr<double> took = TimeRun(runner_, **prepared);
      if (!took.ok()) return took.status();
      absl::StrAppendFormat(&answer, "%s%.2f", i == 0 ? "" : " ", *took);
    }
    return answer;
  }

  absl::StatusOr<std::string> EmbedShape(const std::string& shape) {
    const absl::StatusOr<PreparedWorkload*> prepared = Find(shape);
    if (!prepared.ok()) return prepared.status();
    if (absl::Status status = runner_.Run(**prepared); !status.ok()) return status;
    std::string answer;
    for (const float value : (*prepared)->embeddings) {
      absl::StrAppendFormat(&answer, "%s%.9g", answer.empty() ? "" : " ", value);
    }
    return answer;
  }

  EngineRunner& runner_;
  std::map<std::string, std::unique_ptr<PreparedWorkload>> workloads_;
};

}  // namespace

void ServeDriver(EngineRunner& runner, std::istream& in, std::ostream& out) {
  const DeviceCaps& caps = runner.device_caps();
  out << "ready " << caps.kind << ": " << caps.detail << std::endl;
  DrivenEngine engine(runner);
  for (std::string line; std::getline(in, line);) {
    const absl::StatusOr<std::string> answer = engine.Answer(line);
    if (answer.ok()) {
      out << *answer << std::endl;
    } else {
      out << "error: " << StdView(answer.status().message()) << std::endl;
    }
  }
}

}  // namespace sta::bench
