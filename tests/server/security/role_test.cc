// SPDX-License-Identifier: Apache-2.0
#include "server/security/role.h"

#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

TEST(RoleTest, ReadsListsAndShowsThemInOneOrder) {
  STA_ASSERT_OK_AND_ASSIGN(const RoleSet one, ParseRoles("upload"));
  EXPECT_TRUE(one.Has(Role::kUpload));
  EXPECT_FALSE(one.Has(Role::kInfer)) << "no role implies another";
  EXPECT_FALSE(one.Has(Role::kAdmin));
  STA_ASSERT_OK_AND_ASSIGN(const RoleSet all, ParseRoles("admin,infer,upload,infer"));
  EXPECT_EQ(FormatRoles(all), "infer,upload,admin");
  EXPECT_EQ(FormatRoles(RoleSet()), "");
}

TEST(RoleTest, AdminImpliesNothing) {
  const RoleSet admin = {Role::kAdmin};
  EXPECT_FALSE(admin.Has(Role::kInfer));
  EXPECT_FALSE(admin.Has(Role::kUpload));
}

TEST(RoleTest, RefusesWhatIsNoRole) {
  for (const char* text : {"", ",", "infer,", "Infer", "infer upload", "root", "*"}) {
    EXPECT_THAT(ParseRoles(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("infer, upload, admin")))
        << text;
  }
}

}  // namespace
}  // namespace sta
