// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/card_rack.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "accel/virtual_card/shim/fault_injector.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

using Words = std::span<const std::string>;

// The number after `prefix`; nothing where the word is another, or no number from `least` on.
std::optional<int64_t> NumberAfter(std::string_view prefix, std::string_view word, int64_t least) {
  if (!word.starts_with(prefix)) return std::nullopt;
  int64_t number = 0;
  if (!absl::SimpleAtoi(AbslView(word.substr(prefix.size())), &number) || number < least) {
    return std::nullopt;
  }
  return number;
}

// KIND [count=N|forever] [after=N]
absl::StatusOr<Fault> ParseFault(Words words) {
  if (words.empty()) return absl::InvalidArgumentError("which fault?");
  Fault fault;
  std::string_view name = words[0];
  constexpr std::string_view kSlowPrefix = "slow=";
  if (name.starts_with(kSlowPrefix)) {
    if (!absl::SimpleAtod(AbslView(name.substr(kSlowPrefix.size())), &fault.factor) ||
        !std::isfinite(fault.factor) || fault.factor < 1) {
      return absl::InvalidArgumentError(
          StrCat("slow=FACTOR takes a number from 1 on, not ", words[0]));
    }
    name = FaultName(FaultKind::kSlow);
  } else if (name == FaultName(FaultKind::kSlow)) {
    return absl::InvalidArgumentError("slow needs a factor: slow=4");
  }
  const std::optional<FaultKind> kind = FaultNamed(name);
  if (!kind.has_value()) return absl::InvalidArgumentError(StrCat("unknown fault '", name, "'"));
  fault.kind = *kind;
  for (const std::string& word : words.subspan(1)) {
    const std::optional<int64_t> count = NumberAfter("count=", word, 1);
    const std::optional<int64_t> after = NumberAfter("after=", word, 0);
    if (count.has_value()) {
      fault.count = count;
    } else if (after.has_value()) {
      fault.after = *after;
    } else if (word == "forever") {
      fault.count.reset();
    } else {
      return absl::InvalidArgumentError(
          StrCat("'", word, "' is none of count=N, forever and after=N"));
    }
  }
  return fault;
}

// Nothing may follow a command that takes no arguments.
absl::Status CheckNone(Words words) {
  if (words.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("'", words[0], "' is one word too many"));
}

absl::Status InjectFault(VirtualCard& card, Words words) {
  // These two are no property of an operation: they happen now.
  if (!words.empty() && (words[0] == "dead" || words[0] == "remove")) {
    if (absl::Status status = CheckNone(words.subspan(1)); !status.ok()) return status;
    card.TakeAway(/*tell=*/words[0] == "remove");
    return absl::OkStatus();
  }
  const absl::StatusOr<Fault> fault = ParseFault(words);
  if (!fault.ok()) return fault.status();
  card.faults().Arm(*fault);
  return absl::OkStatus();
}

}  // namespace

CardRack::CardRack(const SystemSpec& spec) {
  for (size_t i = 0; i < spec.cards.size(); ++i) {
    cards_.push_back(std::make_unique<VirtualCard>(static_cast<int>(i), spec.cards[i],
                                                   StrCat(spec.directory, "/card", i, ".lock")));
  }
}

std::vector<VirtualCard*> CardRack::cards() const {
  std::vector<VirtualCard*> cards;
  cards.reserve(cards_.size());
  for (const auto& card : cards_) cards.push_back(card.get());
  return cards;
}

std::string CardRack::Control(std::string_view line) {
  const absl::StatusOr<std::string> answer = Execute(line);
  if (!answer.ok()) return StrCat("error ", StdView(answer.status().message()));
  return answer->empty() ? "ok" : StrCat("ok ", *answer);
}

absl::StatusOr<std::string> CardRack::Execute(std::string_view line) {
  const std::vector<std::string> words =
      absl::StrSplit(AbslView(line), absl::ByAnyChar(" \t\r\n"), absl::SkipEmpty());
  constexpr char kUsage[] =
      "a command is: fault CARD KIND [count=N|forever] [after=N], clear CARD, status CARD, "
      "remove CARD or return CARD";
  if (words.size() < 2) return absl::InvalidArgumentError(kUsage);
  size_t index = 0;
  if (!absl::SimpleAtoi(words[1], &index) || index >= cards_.size()) {
    return absl::InvalidArgumentError(
        StrCat("there is no card ", words[1], ", but ", cards_.size()));
  }
  VirtualCard& card = *cards_[index];
  const std::string& command = words[0];
  const Words arguments = Words(words).subspan(2);
  if (command == "fault") {
    if (absl::Status status = InjectFault(card, arguments); !status.ok()) return status;
    return "";
  }
  if (absl::Status status = CheckNone(arguments); !status.ok()) return status;
  if (command == "status") return card.StatusJson();
  if (command == "clear") {
    card.faults().Clear();
  } else if (command == "remove") {
    card.TakeAway(/*tell=*/true);
  } else if (command == "return") {
    card.PutBack();
  } else {
    return absl::InvalidArgumentError(kUsage);
  }
  return "";
}

}  // namespace sta::virtual_xrt
