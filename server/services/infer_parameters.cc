// SPDX-License-Identifier: Apache-2.0
#include "server/services/infer_parameters.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "strings/str_cat.h"

namespace sta {
namespace {

using inference::InferParameter;

// False where it is not there.
absl::StatusOr<bool> Flag(const ParameterMap& parameters, const char* name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return false;
  if (found->second.has_bool_param()) return found->second.bool_param();
  return absl::InvalidArgumentError(
      StrCat("parameter '", name, "' is no boolean; allowed: bool_param"));
}

}  // namespace

absl::StatusOr<int64_t> IntegerParameter(const ParameterMap& parameters, const char* name,
                                         int64_t absent) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return absent;
  const InferParameter& parameter = found->second;
  switch (parameter.parameter_choice_case()) {
    case InferParameter::kUint64Param:
      // What is beyond an int64 is as good as its largest.
      return static_cast<int64_t>(
          std::min<uint64_t>(parameter.uint64_param(), std::numeric_limits<int64_t>::max()));
    case InferParameter::kInt64Param:
      if (parameter.int64_param() >= 0) return parameter.int64_param();
      return absl::InvalidArgumentError(StrCat("parameter '", name, "': ", parameter.int64_param(),
                                               " is negative; allowed: 0 and above"));
    default:
      return absl::InvalidArgumentError(
          StrCat("parameter '", name, "' is no integer; allowed: int64_param or uint64_param"));
  }
}

absl::StatusOr<InferParameters> DecodeParameters(const ParameterMap& parameters) {
  InferParameters decoded;
  if (parameters.empty()) return decoded;
  const absl::StatusOr<int64_t> priority = IntegerParameter(parameters, "priority", 0);
  if (!priority.ok()) return priority.status();
  const absl::StatusOr<int64_t> timeout_us = IntegerParameter(parameters, "timeout", 0);
  if (!timeout_us.ok()) return timeout_us.status();
  const absl::StatusOr<bool> wants_timing = Flag(parameters, "sta_timing");
  if (!wants_timing.ok()) return wants_timing.status();
  decoded.priority = *priority;
  decoded.wants_timing = *wants_timing;
  if (*timeout_us > 0) decoded.timeout = absl::Microseconds(*timeout_us);
  return decoded;
}

}  // namespace sta
