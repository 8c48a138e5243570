// SPDX-License-Identifier: Apache-2.0
#include "accel/emulator/dispatch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sta::emulator {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kVariable[] = "STA_ISA";

std::optional<std::string> Variable() {
  const char* const value = std::getenv(kVariable);
  if (value == nullptr) return std::nullopt;
  return value;
}

// Every case leaves the variable as the caller of the test set it.
class DispatchTest : public testing::Test {
 protected:
  ~DispatchTest() override { SetVariable(original_); }

  static void SetVariable(const std::optional<std::string>& value) {
    if (value.has_value()) {
      setenv(kVariable, value->c_str(), 1);
    } else {
      unsetenv(kVariable);
    }
  }

  const std::optional<std::string> original_ = Variable();
};

TEST_F(DispatchTest, TheGenericSetIsAlwaysThereAndTheLast) {
  EXPECT_STREQ(SupportedKernels().back()->name, "generic");
}

TEST_F(DispatchTest, SetsAreWholeAndNamedApart) {
  std::set<std::string> names;
  for (const KernelTable* table : SupportedKernels()) {
    EXPECT_TRUE(names.insert(table->name).second) << table->name;
    EXPECT_TRUE(table->zero_code == 0 || table->zero_code == 128) << table->name;
    EXPECT_TRUE(table->pack && table->linear && table->layer_norm && table->attention)
        << table->name;
  }
}

TEST_F(DispatchTest, TheBestIsTakenWhereNothingIsAskedFor) {
  SetVariable(std::nullopt);
  const KernelChoice choice = ChooseKernels("");
  EXPECT_EQ(choice.table, SupportedKernels().front());
  EXPECT_THAT(choice.reason, StartsWith(std::string("best of ") + choice.table->name));
}

TEST_F(DispatchTest, AnEmptyVariableAsksForNothing) {
  SetVariable("");
  EXPECT_THAT(ChooseKernels("").reason, StartsWith("best of "));
}

TEST_F(DispatchTest, EverySetCanBeAskedForByNameWhateverTheVariableSays) {
  for (const KernelTable* table : SupportedKernels()) {
    SetVariable("mmx");
    KernelChoice choice = ChooseKernels(table->name);
    EXPECT_EQ(choice.table, table);
    EXPECT_EQ(choice.reason, "as asked");

    SetVariable(table->name);
    choice = ChooseKernels("");
    EXPECT_EQ(choice.table, table);
    EXPECT_EQ(choice.reason, "STA_ISA");
  }
}

TEST_F(DispatchTest, AnUnknownNameGivesTheBestAndSaysSo) {
  SetVariable("mmx");
  const KernelChoice choice = ChooseKernels("");
  EXPECT_EQ(choice.table, SupportedKernels().front());
  EXPECT_THAT(choice.reason, StartsWith("'mmx' is not among "));
  EXPECT_THAT(choice.reason, HasSubstr("generic"));
}

// Under an emulated processor CMakeLists.txt sets the variable: a set that dispatch does not find
// there would go untested without a word.
TEST_F(DispatchTest, TheSetThatTheTestIsRunForIsFound) {
  const std::string wanted = original_.value_or("generic");
  EXPECT_EQ(ChooseKernels(wanted).table->name, wanted);
}

}  // namespace
}  // namespace sta::emulator
