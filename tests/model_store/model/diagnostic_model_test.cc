// SPDX-License-Identifier: Apache-2.0
#include "model_store/model/diagnostic_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "model_store/model/loaded_model.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
std::string Raw(std::vector<T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

template <typename T>
std::vector<T> Values(const std::string& raw) {
  std::vector<T> values(raw.size() / sizeof(T));
  std::memcpy(values.data(), raw.data(), raw.size());
  return values;
}

std::string RawStrings(const std::vector<std::string>& values) {
  std::string raw;
  for (const std::string& value : values) {
    raw += Raw<uint32_t>({static_cast<uint32_t>(value.size())}) + value;
  }
  return raw;
}

class DiagnosticModelTest : public testing::Test {
 protected:
  std::shared_ptr<const DiagnosticModel> Load(DiagnosticOperation operation, Datatype datatype) {
    std::filesystem::remove_all(path_);
    const DiagnosticConfig config = {
        .operation = operation,
        .delay_us = 250,
        .inputs = {{"INPUT0", datatype, {-1}}, {"INPUT1", datatype, {-1}}},
        .outputs = {{"OUTPUT0", datatype, {-1}}, {"OUTPUT1", datatype, {-1}}}};
    EXPECT_THAT(WriteDiagnosticPackage(config, {}, path_), IsOk());
    const auto package = Package::Open(path_, PackageCheck::kStructure);
    EXPECT_THAT(package, IsOk());
    auto model = DiagnosticModel::Load(**package);
    EXPECT_THAT(model, IsOk());
    return *model;
  }
  // Sum and difference.
  template <typename T>
  std::pair<std::vector<T>, std::vector<T>> AddSub(Datatype datatype, std::vector<T> a,
                                                   std::vector<T> b) {
    const auto model = Load(DiagnosticOperation::kAddSub, datatype);
    const std::string raw_a = Raw(a);
    const std::string raw_b = Raw(b);
    const std::vector<std::string_view> inputs = {raw_a, raw_b};
    std::string sum;
    std::string difference;
    EXPECT_THAT(model->Compute(0, inputs, sum), IsOk());
    EXPECT_THAT(model->Compute(1, inputs, difference), IsOk());
    return {Values<T>(sum), Values<T>(difference)};
  }

  const TemporaryDirectory directory_;
  const std::filesystem::path path_ = directory_.path() / "diagnostic";
};

TEST_F(DiagnosticModelTest, IdentityCopiesEachInput) {
  const auto model = Load(DiagnosticOperation::kIdentity, Datatype::kBf16);
  EXPECT_EQ(model->delay(), absl::Microseconds(250));
  const std::vector<std::string_view> inputs = {"ab", "cdef"};
  std::string raw = "what was there before";
  ASSERT_THAT(model->Compute(0, inputs, raw), IsOk());
  EXPECT_EQ(raw, "ab");
  ASSERT_THAT(model->Compute(1, inputs, raw), IsOk());
  EXPECT_EQ(raw, "cdef");
}

TEST_F(DiagnosticModelTest, AddsAndSubtractsIntegersWhichWrapAround) {
  const auto small = AddSub<int8_t>(Datatype::kInt8, {1, 127, -128}, {2, 1, 1});
  EXPECT_THAT(small.first, ElementsAre(3, -128, -127));
  EXPECT_THAT(small.second, ElementsAre(-1, 126, 127));
  const auto half = AddSub<uint16_t>(Datatype::kUint16, {65535, 0}, {1, 1});
  EXPECT_THAT(half.first, ElementsAre(0, 1));
  EXPECT_THAT(half.second, ElementsAre(65534, 65535));
  constexpr int32_t kMax32 = std::numeric_limits<int32_t>::max();
  const auto whole = AddSub<int32_t>(Datatype::kInt32, {kMax32, 7}, {1, -8});
  EXPECT_THAT(whole.first, ElementsAre(std::numeric_limits<int32_t>::min(), -1));
  EXPECT_THAT(whole.second, ElementsAre(kMax32 - 1, 15));
  constexpr int64_t kMin64 = std::numeric_limits<int64_t>::min();
  const auto wide = AddSub<int64_t>(Datatype::kInt64, {kMin64}, {1});
  EXPECT_THAT(wide.first, ElementsAre(kMin64 + 1));
  EXPECT_THAT(wide.second, ElementsAre(std::numeric_limits<int64_t>::max()));
}

TEST_F(DiagnosticModelTest, AddsAndSubtractsFloats) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto floats = AddSub<float>(Datatype::kFp32, {1.5F, kInfinity}, {0.25F, kInfinity});
  EXPECT_THAT(floats.first, ElementsAre(1.75F, kInfinity));
  EXPECT_EQ(floats.second[0], 1.25F);
  EXPECT_TRUE(std::isnan(floats.second[1]));
  const auto doubles = AddSub<double>(Datatype::kFp64, {1e300}, {1e300});
  EXPECT_THAT(doubles.first, ElementsAre(2e300));
  EXPECT_THAT(doubles.second, ElementsAre(0.0));
}

TEST_F(DiagnosticModelTest, AddsAndSubtractsDecimals) {
  const auto model = Load(DiagnosticOperation::kAddSub, Datatype::kBytes);
  const std::string a = RawStrings({"12", "-7", "9223372036854775807"});
  const std::string b = RawStrings({"30", "-1", "1"});
  const std::vector<std::string_view> inputs = {a, b};
  std::string raw;
  ASSERT_THAT(model->Compute(0, inputs, raw), IsOk());
  EXPECT_EQ(raw, RawStrings({"42", "-8", "-9223372036854775808"}));
  ASSERT_THAT(model->Compute(1, inputs, raw), IsOk());
  EXPECT_EQ(raw, RawStrings({"-18", "-6", "9223372036854775806"}));
}

TEST_F(DiagnosticModelTest, RefusesStringsThatAreNoDecimals) {
  const auto model = Load(DiagnosticOperation::kAddSub, Datatype::kBytes);
  for (const char* bad : {"", "x", "1x", " 1", "1.0", "9223372036854775808"}) {
    const std::string a = RawStrings({"1", bad});
    const std::string b = RawStrings({"1", "1"});
    std::string raw;
    EXPECT_THAT(model->Compute(0, std::vector<std::string_view>{a, b}, raw),
                StatusIs(StatusCode::kInvalidArgument,
                         "element 1 is no decimal integer of 64 bits, which add_sub needs"))
        << bad;
  }
}

TEST_F(DiagnosticModelTest, NeitherKindIsTakenForTheOther) {
  ASSERT_THAT(WriteTinyPackage(path_), IsOk());
  STA_ASSERT_OK_AND_ASSIGN(const auto encoder, Package::Open(path_, PackageCheck::kStructure));
  EXPECT_THAT(DiagnosticModel::Load(*encoder),
              StatusIs(StatusCode::kFailedPrecondition, "the package is no diagnostic model"));
  Load(DiagnosticOperation::kIdentity, Datatype::kFp32);
  STA_ASSERT_OK_AND_ASSIGN(const auto diagnostic, Package::Open(path_, PackageCheck::kStructure));
  EXPECT_THAT(LoadedModel::Load(diagnostic),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("it has no encoder")));
}

}  // namespace
}  // namespace sta
