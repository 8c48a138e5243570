// SPDX-License-Identifier: Apache-2.0
#include "server/observability/trace_context.h"

#include <algorithm>
#include <random>

#include "absl/strings/str_format.h"

namespace sta {
namespace {

// Of version 00; later ones may go on after another hyphen.
constexpr size_t kLength = 55;

bool IsDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

bool IsHexadecimal(std::string_view text) { return std::ranges::all_of(text, IsDigit); }

bool IsId(std::string_view text) {
  return IsHexadecimal(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool IsOdd(char digit) { return (digit <= '9' ? digit - '0' : digit - 'a' + 10) % 2 == 1; }

}  // namespace

std::optional<TraceContext> ParseTraceparent(std::string_view value) {
  if (value.size() < kLength) return std::nullopt;
  const std::string_view version = value.substr(0, 2);
  const std::string_view trace_id = value.substr(3, 32);
  const std::string_view span_id = value.substr(36, 16);
  const std::string_view flags = value.substr(53, 2);
  if (!IsHexadecimal(version) || version == "ff") return std::nullopt;
  if (value[2] != '-' || value[35] != '-' || value[52] != '-') return std::nullopt;
  if (!IsId(trace_id) || !IsId(span_id) || !IsHexadecimal(flags)) return std::nullopt;
  const bool goes_on = value.size() > kLength;
  if (goes_on && (version == "00" || value[kLength] != '-')) return std::nullopt;
  return TraceContext{.trace_id = std::string(trace_id),
                      .parent_span_id = std::string(span_id),
                      .is_recorded = IsOdd(flags[1])};
}

uint64_t ThreadRandomBits() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed = {device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

std::string NewTraceId(const RandomBits& random) {
  const uint64_t high = random();
  const uint64_t low = std::max<uint64_t>(random(), 1);  // an id of zeros is none
  return absl::StrFormat("%016x%016x", high, low);
}

}  // namespace sta
