// SPDX-License-Identifier: Apache-2.0
#include "server/config/config_file.h"

#include <yaml-cpp/yaml.h>

#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "server/config/setting_table.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr size_t kMaxConfigBytes = size_t{1} << 20;

absl::Status Refuse(std::string_view name, const YAML::Mark& mark, std::string_view problem) {
  // yaml-cpp counts lines from 0, and has -1 for "nowhere".
  return absl::InvalidArgumentError(StrCat(name, ":", mark.line + 1, ": ", problem));
}

absl::StatusOr<std::string> ValueText(const YAML::Node& value) {
  if (value.IsScalar()) return value.Scalar();
  if (!value.IsSequence()) {
    return absl::InvalidArgumentError("a value must be a text, a number or a list of these");
  }
  std::vector<std::string> parts;
  for (const YAML::Node& part : value) {
    if (!part.IsScalar()) {
      return absl::InvalidArgumentError("a list must hold only texts and numbers");
    }
    parts.push_back(part.Scalar());
  }
  return absl::StrJoin(parts, ",");
}

absl::Status ApplyMap(const YAML::Node& root, std::string_view name, Settings& settings) {
  if (root.IsNull()) return absl::OkStatus();  // an empty file
  if (!root.IsMap()) return Refuse(name, root.Mark(), "the file must be a map of settings");
  std::set<std::string> seen;
  for (const auto& entry : root) {
    const YAML::Mark mark = entry.first.Mark();
    if (!entry.first.IsScalar()) return Refuse(name, mark, "a key must be a text");
    const std::string& key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      return Refuse(name, mark, StrCat("key '", key, "' stands here twice"));
    }
    absl::StatusOr<std::string> text = ValueText(entry.second);
    if (!text.ok()) {
      return Refuse(name, mark, StrCat(key, ": ", text.status().message()));
    }
    if (absl::Status status = ApplySetting(key, *text, settings); !status.ok()) {
      return Refuse(name, mark, StdView(status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyConfigText(std::string_view content, std::string_view name, Settings& settings) {
  try {
    return ApplyMap(YAML::Load(std::string(content)), name, settings);
  } catch (const YAML::Exception& e) {
    return Refuse(name, e.mark, StrCat("not readable as YAML or JSON: ", e.msg));
  }
}

absl::Status ApplyConfigFile(const std::string& path, Settings& settings) {
  std::ifstream file(path, std::ios::binary);
  std::string content(kMaxConfigBytes + 1, '\0');
  if (!file ||
      (file.read(content.data(), static_cast<std::streamsize>(content.size())), file.bad())) {
    return absl::NotFoundError(StrCat("cannot read the configuration file '", path, "'"));
  }
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kMaxConfigBytes) {
    return absl::InvalidArgumentError(
        StrCat(path, ": the file is over ", kMaxConfigBytes, " bytes"));
  }
  return ApplyConfigText(content, path, settings);
}

}  // namespace sta
