// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/card_spec.h"

#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

constexpr int64_t kMostMemoryMb = 65536;
constexpr int64_t kMostMicroseconds = 60'000'000;
constexpr int64_t kMostMbPerSecond = 1'000'000;
constexpr size_t kMostCards = 64;

using Json = nlohmann::json;

// Reads the fields of one object, and remembers the first thing that is wrong.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
    if (!object.is_object()) Fail("has to be an object");
  }

  void ReadInteger(const char* key, int64_t least, int64_t most, int64_t& value) {
    const Json* const field = Find(key);
    if (field == nullptr) return;
    if (!field->is_number_integer() || *field < least || *field > most) {
      return Fail(StrCat(key, " is ", field->dump(), ", allowed are integers ", least, "..", most));
    }
    value = field->get<int64_t>();
  }

  void ReadString(const char* key, std::string& value) {
    const Json* const field = Find(key);
    if (field == nullptr) return;
    if (!field->is_string()) return Fail(StrCat(key, " is ", field->dump(), ", not a string"));
    value = field->get<std::string>();
  }

  const Json* Find(const char* key) {
    if (!object_.is_object()) return nullptr;
    const auto field = object_.find(key);
    if (field == object_.end()) return nullptr;
    ++known_;
    return &*field;
  }

  void Fail(std::string_view what) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(StrCat(where_, what));
  }

  // To be called when everything has been read.
  absl::Status Finish() {
    if (object_.is_object() && known_ != object_.size()) Fail("has a field that is not known");
    return status_;
  }

 private:
  const Json& object_;
  const std::string where_;
  size_t known_ = 0;
  absl::Status status_;
};

absl::StatusOr<CardSpec> ParseCard(const Json& json, size_t index) {
  ObjectReader reader(json, StrCat("cards[", index, "] "));
  CardSpec card;
  std::string body = "functional";
  reader.ReadString("body", body);
  static const std::map<std::string, BodyKind> kBodies = {{"functional", BodyKind::kFunctional},
                                                          {"none", BodyKind::kNone},
                                                          {"verilated", BodyKind::kVerilated}};
  if (const auto kind = kBodies.find(body); kind != kBodies.end()) {
    card.body = kind->second;
  } else {
    reader.Fail(StrCat("body is \"", body, "\", allowed are functional, none and verilated"));
  }
  reader.ReadInteger("memory_mb", 1, kMostMemoryMb, card.memory_mb);
  reader.ReadInteger("compute_us_per_run", 0, kMostMicroseconds, card.compute_us_per_run);
  reader.ReadInteger("compute_us_per_1000_beats", 0, kMostMicroseconds,
                     card.compute_us_per_1000_beats);
  reader.ReadInteger("transfer_mb_per_s", 0, kMostMbPerSecond, card.transfer_mb_per_s);
  if (absl::Status status = reader.Finish(); !status.ok()) return status;
  return card;
}

}  // namespace

absl::StatusOr<SystemSpec> ParseSystemSpec(std::string_view json) {
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (root.is_discarded()) return absl::InvalidArgumentError("this is not JSON");
  ObjectReader reader(root, "the file ");
  SystemSpec spec;
  reader.ReadString("directory", spec.directory);
  if (spec.directory.empty()) reader.Fail("names no directory");
  const Json* const cards = reader.Find("cards");
  if (cards == nullptr || !cards->is_array() || cards->size() > kMostCards) {
    reader.Fail(StrCat("has to have cards, an array of at most ", kMostCards));
  }
  if (absl::Status status = reader.Finish(); !status.ok()) return status;
  for (size_t i = 0; i < cards->size(); ++i) {
    absl::StatusOr<CardSpec> card = ParseCard((*cards)[i], i);
    if (!card.ok()) return card.status();
    spec.cards.push_back(*card);
  }
  return spec;
}

absl::StatusOr<SystemSpec> ReadSystemSpec(const char* path) {
  if (path == nullptr || *path == '\0') {
    return absl::NotFoundError("STA_VIRTUAL_CARDS names no file of virtual cards");
  }
  std::ifstream file(path);
  const std::string json((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return absl::NotFoundError(StrCat("cannot read ", path));
  absl::StatusOr<SystemSpec> spec = ParseSystemSpec(json);
  if (spec.ok()) return spec;
  return absl::InvalidArgumentError(StrCat(path, ": ", StdView(spec.status().message())));
}

}  // namespace sta::virtual_xrt
