// SPDX-License-Identifier: Apache-2.0
//
// Moving aliases, as changes of a model's record. Pure functions; statuses are those of
// VersionStore's functions of the same names, which know whether a version is there.
#ifndef MODEL_STORE_STORE_ALIAS_CHANGE_H_
#define MODEL_STORE_STORE_ALIAS_CHANGE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model_store/store/model_record.h"

namespace sta {

struct AliasChange {
  int64_t previous = 0;  // where it was; 0: nowhere
  int64_t version = 0;   // where it is
};

inline constexpr int kMaxAliases = 256;

absl::StatusOr<AliasChange> ChangeAlias(ModelRecord& record, const std::string& alias,
                                        int64_t version, std::optional<int64_t> expected);
absl::StatusOr<AliasChange> SwapAlias(ModelRecord& record, const std::string& alias,
                                      std::optional<int64_t> expected,
                                      const std::function<bool(int64_t)>& is_there);
absl::Status RemoveAlias(ModelRecord& record, const std::string& alias);

}  // namespace sta

#endif  // MODEL_STORE_STORE_ALIAS_CHANGE_H_
