// SPDX-License-Identifier: Apache-2.0
#include "server/security/token_table.h"

#include <cctype>
#include <string>
#include <vector>

#include "model_store/package/sha256.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const absl::Time kJanuary2027 = absl::FromUnixSeconds(1'800'000'000);  // in January 2027

std::string Line(const std::string& name, const std::string& roles, const std::string& token) {
  return name + " " + roles + " sha256:" + Sha256Hex(token);
}

TEST(TokenTableTest, FindsATokenByItsHash) {
  STA_ASSERT_OK_AND_ASSIGN(
      const TokenTable table,
      TokenTable::Parse("# who may come\n\n" + Line("web", "infer", "one") + "\n  " +
                        Line("ops", "upload,admin", "two") + "\t\r\n"));
  EXPECT_EQ(table.size(), 2u);
  ASSERT_NE(table.FindToken("one", kJanuary2027), nullptr);
  EXPECT_EQ(table.FindToken("one", kJanuary2027)->name, "web");
  EXPECT_EQ(table.FindToken("one", kJanuary2027)->roles, RoleSet({Role::kInfer}));
  EXPECT_EQ(table.FindToken("two", kJanuary2027)->name, "ops");
  for (const char* token : {"", "on", "onee", "One", "one ", "three"}) {
    EXPECT_EQ(table.FindToken(token, kJanuary2027), nullptr) << token;
  }
  EXPECT_EQ(table.FindToken(Sha256Hex("one"), kJanuary2027), nullptr) << "the hash is no token";
}

TEST(TokenTableTest, TakesHashesInCapitals) {
  std::string hex = Sha256Hex("one");
  for (char& c : hex) c = static_cast<char>(std::toupper(c));
  STA_ASSERT_OK_AND_ASSIGN(const TokenTable table, TokenTable::Parse("web infer sha256:" + hex));
  EXPECT_NE(table.FindToken("one", kJanuary2027), nullptr);
}

TEST(TokenTableTest, TokensExpire) {
  STA_ASSERT_OK_AND_ASSIGN(
      const TokenTable table,
      TokenTable::Parse(Line("a", "infer", "one") + " until:2027-01-15T08:00:00Z\n" +
                        Line("a", "infer", "two") + " until:2027-01-15T09:00:01+01:00\n" +
                        "b infer cert:b.example until:2027-01-15T08:00:00Z"));
  const absl::Time end = absl::FromCivil(absl::CivilSecond(2027, 1, 15, 8), absl::UTCTimeZone());
  EXPECT_NE(table.FindToken("one", end - absl::Nanoseconds(1)), nullptr);
  EXPECT_EQ(table.FindToken("one", end), nullptr);
  EXPECT_NE(table.FindToken("two", end), nullptr);
  const std::vector<std::string> names = {"b.example"};
  EXPECT_NE(table.FindCertificate(names, end - absl::Nanoseconds(1)), nullptr);
  EXPECT_EQ(table.FindCertificate(names, end), nullptr);
}

TEST(TokenTableTest, ANameMayHaveAnOldTokenAndANewOne) {
  STA_ASSERT_OK_AND_ASSIGN(
      const TokenTable table,
      TokenTable::Parse(Line("web", "infer", "old") + "\n" + Line("web", "infer", "new")));
  EXPECT_EQ(table.FindToken("old", kJanuary2027)->name, "web");
  EXPECT_EQ(table.FindToken("new", kJanuary2027)->name, "web");
}

TEST(TokenTableTest, FindsACertificateByAnyOfItsNames) {
  STA_ASSERT_OK_AND_ASSIGN(const TokenTable table,
                           TokenTable::Parse("deploy upload cert:deploy.example.org\n"
                                             "ops admin cert:spiffe://example.org/ops"));
  const std::vector<std::string> deploy = {"x", "deploy.example.org"};
  ASSERT_NE(table.FindCertificate(deploy, kJanuary2027), nullptr);
  EXPECT_EQ(table.FindCertificate(deploy, kJanuary2027)->name, "deploy");
  const std::vector<std::string> ops = {"spiffe://example.org/ops"};
  EXPECT_EQ(table.FindCertificate(ops, kJanuary2027)->name, "ops");
  const std::vector<std::string> others = {"", "example.org", "deploy.example.org.evil.example",
                                           "Deploy.example.org"};
  EXPECT_EQ(table.FindCertificate(others, kJanuary2027), nullptr);
  EXPECT_EQ(table.FindCertificate({}, kJanuary2027), nullptr);
  EXPECT_EQ(table.FindToken("deploy.example.org", kJanuary2027), nullptr) << "a name is no token";
}

TEST(TokenTableTest, RefusesABadLineWithItsNumber) {
  const std::string hash = "sha256:" + Sha256Hex("one");
  struct Case {
    std::string line;
    const char* problem;
  };
  for (const Case& c : {
           Case{"web infer", "has 2 fields"},
           Case{"web infer " + hash + " until:2027-01-01T00:00:00Z x", "has 5 fields"},
           Case{"we:b infer " + hash, "the name has other characters"},
           Case{std::string(65, 'a') + " infer " + hash, "or more than 64"},
           Case{"web root " + hash, "'root' is not a role"},
           Case{"web infer,upload, " + hash, "'' is not a role"},
           Case{"web infer " + hash.substr(0, 70), "the third field"},
           Case{"web infer " + hash + "00", "the third field"},
           Case{"web infer sha256:" + std::string(64, 'g'), "the third field"},
           Case{"web infer cert:", "the third field"},
           Case{"web infer " + hash + " 2027-01-01T00:00:00Z", "the fourth field"},
           Case{"web infer " + hash + " until:tomorrow", "the fourth field"},
           Case{"web infer " + hash + " until:infinite-future", "the fourth field"},
           Case{"other infer " + hash, "has the token of an earlier line"},
       }) {
    EXPECT_THAT(
        TokenTable::Parse("# first\nok infer " + hash + "\n" + c.line),
        StatusIs(StatusCode::kInvalidArgument, AllOf(HasSubstr("line 3: "), HasSubstr(c.problem))))
        << c.line;
  }
}

TEST(TokenTableTest, NeverRepeatsACredential) {
  EXPECT_THAT(TokenTable::Parse("web infer my-own-secret-token"),
              StatusIs(StatusCode::kInvalidArgument, Not(HasSubstr("my-own"))));
}

TEST(TokenTableTest, RefusesATableThatWouldLockEverybodyOut) {
  for (const char* text : {"", "\n\n", "# only a comment\n"}) {
    EXPECT_THAT(TokenTable::Parse(text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("there is no token")));
  }
}

TEST(TokenTableTest, IsBounded) {
  std::string text;
  for (int i = 0; i < 1024; ++i) text += Line("n", "infer", std::to_string(i)) + "\n";
  EXPECT_THAT(TokenTable::Parse(text), IsOk());
  EXPECT_THAT(TokenTable::Parse(text + Line("n", "infer", "x")),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("line 1025: more than 1024")));
}

}  // namespace
}  // namespace sta
