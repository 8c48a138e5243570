// SPDX-License-Identifier: Apache-2.0
#include "model_store/json/strict_json.h"

#include <cmath>
#include <set>
#include <vector>

#include "strings/str_cat.h"

namespace sta {
namespace {

// Stands between the parser and the document builder: counts depth and remembers the keys of every
// open object. Returning false stops the parser at once.
class StrictSax : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit StrictSax(int max_depth) : max_depth_(max_depth), builder_(document_, false) {}

  bool null() override { return builder_.null(); }
  bool boolean(bool value) override { return builder_.boolean(value); }
  bool number_integer(number_integer_t value) override { return builder_.number_integer(value); }
  bool number_unsigned(number_unsigned_t value) override { return builder_.number_unsigned(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) return Fail(StrCat("number ", text, " is out of range"));
    return builder_.number_float(value, text);
  }
  bool string(string_t& value) override { return builder_.string(value); }
  bool binary(binary_t& value) override { return builder_.binary(value); }

  bool start_object(size_t elements) override {
    keys_.emplace_back();
    return Enter() && builder_.start_object(elements);
  }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second) {
      return Fail(StrCat("key '", name.substr(0, 64), "' appears twice in one object"));
    }
    return builder_.key(name);
  }
  bool end_object() override {
    keys_.pop_back();
    --depth_;
    return builder_.end_object();
  }
  bool start_array(size_t elements) override { return Enter() && builder_.start_array(elements); }
  bool end_array() override {
    --depth_;
    return builder_.end_array();
  }
  bool parse_error(size_t position, const std::string& /*last_token*/,
                   const nlohmann::json::exception& /*error*/) override {
    return Fail(StrCat("not valid JSON at byte ", position));
  }

  nlohmann::json TakeDocument() { return std::move(document_); }
  const std::string& error() const { return error_; }

 private:
  bool Enter() {
    if (++depth_ <= max_depth_) return true;
    return Fail(StrCat("nested deeper than ", max_depth_, " levels"));
  }
  bool Fail(std::string message) {
    if (error_.empty()) error_ = std::move(message);
    return false;
  }

  int max_depth_;
  int depth_ = 0;
  std::vector<std::set<std::string>> keys_;
  nlohmann::json document_;
  nlohmann::detail::json_sax_dom_parser<nlohmann::json> builder_;
  std::string error_;
};

absl::Status MemberError(std::string_view key, std::string_view expected) {
  return absl::InvalidArgumentError(StrCat("key '", key, "' must be ", expected));
}

const nlohmann::json* FindMember(const nlohmann::json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<nlohmann::json> ParseStrictJson(std::string_view text, const JsonLimits& limits) {
  if (std::ssize(text) > limits.max_bytes) {
    return absl::InvalidArgumentError(StrCat(
        "JSON of ", text.size(), " bytes is over the limit of ", limits.max_bytes, " bytes"));
  }
  StrictSax sax(limits.max_depth);
  if (!nlohmann::json::sax_parse(text, &sax)) return absl::InvalidArgumentError(sax.error());
  return sax.TakeDocument();
}

absl::StatusOr<int64_t> GetInteger(const nlohmann::json& object, std::string_view key,
                                   int64_t lowest, int64_t highest) {
  const nlohmann::json* member = FindMember(object, key);
  const bool fits_int64 =
      member != nullptr && member->is_number_integer() &&
      !(member->is_number_unsigned() && member->get<uint64_t>() > uint64_t{INT64_MAX});
  const int64_t value = fits_int64 ? member->get<int64_t>() : 0;
  if (!fits_int64 || value < lowest || value > highest) {
    return MemberError(key, StrCat("an integer in ", lowest, "..", highest));
  }
  return value;
}

absl::StatusOr<double> GetNumber(const nlohmann::json& object, std::string_view key) {
  const nlohmann::json* member = FindMember(object, key);
  if (member == nullptr || !member->is_number()) return MemberError(key, "a number");
  return member->get<double>();
}

absl::StatusOr<std::string> GetString(const nlohmann::json& object, std::string_view key) {
  const nlohmann::json* member = FindMember(object, key);
  if (member == nullptr || !member->is_string()) return MemberError(key, "a string");
  return member->get<std::string>();
}

absl::StatusOr<bool> GetBool(const nlohmann::json& object, std::string_view key) {
  const nlohmann::json* member = FindMember(object, key);
  if (member == nullptr || !member->is_boolean()) return MemberError(key, "true or false");
  return member->get<bool>();
}

}  // namespace sta
