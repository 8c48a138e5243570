// SPDX-License-Identifier: Apache-2.0
#include "server/security/access_control.h"

#include "model_store/package/sha256.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr const char* kHere = "ipv4:127.0.0.1:4711";
constexpr const char* kElsewhere = "ipv4:10.1.2.3:4711";
const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::shared_ptr<const TokenTable> Table(const std::string& text) {
  absl::StatusOr<TokenTable> table = TokenTable::Parse(text);
  EXPECT_THAT(table, IsOk());
  return std::make_shared<const TokenTable>(*std::move(table));
}

std::shared_ptr<const TokenTable> OneTokenARole() {
  std::string text;
  for (const char* role : {"infer", "upload", "admin"}) {
    text += std::string(role) + "-user " + role + " sha256:" + Sha256Hex(role) + "\n";
  }
  return Table(text + "carl infer cert:carl.example\n");
}

TEST(AccessControlWithoutTokensTest, EverybodyReads) {
  const AccessControl access;
  for (const char* peer : {kHere, kElsewhere, "unix:"}) {
    EXPECT_THAT(access.Check(RuleOf("ModelInfer"), {.peer = peer}, kNow), IsOk());
    EXPECT_THAT(access.Check(RuleOf("Export"), {.peer = peer}, kNow), IsOk());
  }
}

TEST(AccessControlWithoutTokensTest, OnlyThisHostWrites) {
  const AccessControl access;
  for (const RpcRule& rule : kRpcRules) {
    if (rule.writes != Writes::kAlways) continue;
    EXPECT_THAT(access.Check(rule, {.peer = kHere}, kNow), IsOk()) << rule.method;
    EXPECT_THAT(access.Check(rule, {.peer = "unix:"}, kNow), IsOk()) << rule.method;
    EXPECT_THAT(access.Check(rule, {.peer = kElsewhere}, kNow),
                StatusIs(StatusCode::kPermissionDenied, HasSubstr("--tokens FILE")))
        << rule.method;
    // What it has to show is of no use where the server knows no tokens.
    EXPECT_THAT(access.Check(rule,
                             {.peer = kElsewhere,
                              .authorization = {"Bearer admin"},
                              .certificate_names = {"carl.example"}},
                             kNow),
                StatusIs(StatusCode::kPermissionDenied))
        << rule.method;
  }
}

TEST(AccessControlWithoutTokensTest, SettingsAreReadFromEverywhereAndWrittenFromHere) {
  const AccessControl access;
  EXPECT_THAT(access.Check(RuleOf("LogSettings"), {.peer = kElsewhere}, kNow), IsOk());
  EXPECT_THAT(access.Check(RuleOf("LogSettings"), {.peer = kElsewhere, .has_settings = true}, kNow),
              StatusIs(StatusCode::kPermissionDenied));
  EXPECT_THAT(access.Check(RuleOf("LogSettings"), {.peer = kHere, .has_settings = true}, kNow),
              IsOk());
}

TEST(AccessControlWithoutTokensTest, ACallerIsItsAddress) {
  const AccessControl access;
  EXPECT_EQ(access.NameOf({.peer = kElsewhere, .authorization = {"Bearer infer"}}, kNow),
            "ipv4:10.1.2.3");
}

// Every rule with every role, by the letter of the rule.
TEST(AccessControlTest, EachRpcNeedsItsRole) {
  const AccessControl access(OneTokenARole());
  for (const RpcRule& rule : kRpcRules) {
    for (const std::string role : {"infer", "upload", "admin"}) {
      const std::string header = "Bearer " + role;
      const CallOrigin origin{.peer = kElsewhere, .authorization = {header}};
      const bool may = rule.need == Need::kNothing || rule.need == Need::kToken ||
                       (rule.need == Need::kInfer && role == "infer") ||
                       (rule.need == Need::kUpload && role == "upload") ||
                       (rule.need == Need::kAdmin && role == "admin");
      if (may) {
        EXPECT_THAT(access.Check(rule, origin, kNow), IsOk()) << rule.method << " as " << role;
      } else {
        EXPECT_THAT(
            access.Check(rule, origin, kNow),
            StatusIs(StatusCode::kPermissionDenied, HasSubstr("'" + role + "-user' has " + role)))
            << rule.method << " as " << role;
      }
    }
  }
}

TEST(AccessControlTest, WithoutATokenOnlyProbesPass) {
  const AccessControl access(OneTokenARole());
  for (const RpcRule& rule : kRpcRules) {
    for (const char* peer : {kHere, kElsewhere, "unix:"}) {
      const absl::Status status = access.Check(rule, {.peer = peer}, kNow);
      if (rule.need == Need::kNothing) {
        EXPECT_THAT(status, IsOk()) << rule.method;
      } else {
        EXPECT_THAT(status, StatusIs(StatusCode::kUnauthenticated, HasSubstr("STA_TOKEN")))
            << rule.method;
      }
    }
  }
}

TEST(AccessControlTest, ChangingSettingsTakesAnAdmin) {
  const AccessControl access(OneTokenARole());
  const RpcRule rule = RuleOf("TraceSetting");
  EXPECT_THAT(access.Check(rule, {.peer = kHere, .authorization = {"Bearer infer"}}, kNow), IsOk());
  EXPECT_THAT(
      access.Check(rule, {.peer = kHere, .authorization = {"Bearer infer"}, .has_settings = true},
                   kNow),
      StatusIs(StatusCode::kPermissionDenied, HasSubstr("needs the role admin")));
  EXPECT_THAT(
      access.Check(rule, {.peer = kHere, .authorization = {"Bearer admin"}, .has_settings = true},
                   kNow),
      IsOk());
}

TEST(AccessControlTest, RefusesWhatIsNotATokenOfTheServer) {
  const AccessControl access(OneTokenARole());
  for (const char* header : {"", "infer", "Basic infer", "Bearer", "Bearer ", "Bearerinfer",
                             "Bearer infer ", "Bearer Infer", "Bearer  infer", "Bearer stranger"}) {
    EXPECT_THAT(
        access.Check(RuleOf("ModelInfer"), {.peer = kHere, .authorization = {header}}, kNow),
        StatusIs(StatusCode::kUnauthenticated))
        << header;
  }
  EXPECT_THAT(
      access.Check(RuleOf("ModelInfer"),
                   {.peer = kHere, .authorization = {"Bearer infer", "Bearer infer"}}, kNow),
      StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(
      access.Check(RuleOf("ModelInfer"), {.peer = kHere, .authorization = {"bEARER infer"}}, kNow),
      IsOk())
      << "the scheme's case does not matter";
}

TEST(AccessControlTest, ACertificateStandsForATokenUnlessAWrongTokenComesWithIt) {
  const AccessControl access(OneTokenARole());
  const RpcRule rule = RuleOf("ModelInfer");
  EXPECT_THAT(access.Check(rule, {.peer = kHere, .certificate_names = {"carl.example"}}, kNow),
              IsOk());
  EXPECT_THAT(access.Check(rule, {.peer = kHere, .certificate_names = {"mallory.example"}}, kNow),
              StatusIs(StatusCode::kUnauthenticated, HasSubstr("certificate")));
  EXPECT_THAT(access.Check(RuleOf("SetAlias"),
                           {.peer = kHere, .certificate_names = {"carl.example"}}, kNow),
              StatusIs(StatusCode::kPermissionDenied, HasSubstr("'carl' has infer")));
  EXPECT_THAT(access.Check(rule,
                           {.peer = kHere,
                            .authorization = {"Bearer stranger"},
                            .certificate_names = {"carl.example"}},
                           kNow),
              StatusIs(StatusCode::kUnauthenticated));
}

TEST(AccessControlTest, NamesWhoCalls) {
  const AccessControl access(OneTokenARole());
  EXPECT_EQ(access.NameOf({.peer = kHere, .authorization = {"Bearer infer"}}, kNow), "infer-user");
  EXPECT_EQ(access.NameOf({.peer = kHere, .certificate_names = {"carl.example"}}, kNow), "carl");
  EXPECT_EQ(access.NameOf({.peer = kHere, .authorization = {"Bearer stranger"}}, kNow),
            "ipv4:127.0.0.1");
}

TEST(AccessControlTest, NewTokensTakeEffectAtOnceAndOldOnesEnd) {
  AccessControl access(OneTokenARole());
  access.SetTokens(Table("new infer sha256:" + Sha256Hex("newer")));
  const RpcRule rule = RuleOf("ModelInfer");
  EXPECT_THAT(access.Check(rule, {.peer = kHere, .authorization = {"Bearer newer"}}, kNow), IsOk());
  EXPECT_THAT(access.Check(rule, {.peer = kHere, .authorization = {"Bearer infer"}}, kNow),
              StatusIs(StatusCode::kUnauthenticated));
}

}  // namespace
}  // namespace sta
