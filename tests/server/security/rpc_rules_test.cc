// SPDX-License-Identifier: Apache-2.0
#include "server/security/rpc_rules.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "grpc/health/v1/health.pb.h"
#include "inference/open_inference_grpc.pb.h"
#include "sta/v1/devices.pb.h"
#include "sta/v1/model_store.pb.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

std::vector<const google::protobuf::FileDescriptor*> Files() {
  return {inference::ModelInferRequest::descriptor()->file(),
          v1::UploadRequest::descriptor()->file(), v1::ListDevicesRequest::descriptor()->file(),
          grpc::health::v1::HealthCheckRequest::descriptor()->file()};
}

// "/package.Service/Method"
std::set<std::string> AllMethods() {
  std::set<std::string> methods;
  for (const google::protobuf::FileDescriptor* file : Files()) {
    for (int s = 0; s < file->service_count(); ++s) {
      const google::protobuf::ServiceDescriptor* service = file->service(s);
      for (int m = 0; m < service->method_count(); ++m) {
        methods.insert(StrCat("/", service->full_name(), "/", service->method(m)->name()));
      }
    }
  }
  return methods;
}

TEST(RpcRulesTest, EveryMethodOfEveryServiceHasARow) {
  const std::set<std::string> methods = AllMethods();
  EXPECT_GT(methods.size(), 25u);
  for (const std::string& method : methods) EXPECT_NE(FindRule(method), nullptr) << method;
}

TEST(RpcRulesTest, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const RpcRule& rule : kRpcRules)
    EXPECT_TRUE(names.insert(rule.method).second) << rule.method;
}

TEST(RpcRulesTest, NothingThatWritesIsOpenToATokenWithoutARole) {
  for (const RpcRule& rule : kRpcRules) {
    if (rule.writes != Writes::kAlways) continue;
    EXPECT_TRUE(rule.need == Need::kUpload || rule.need == Need::kAdmin) << rule.method;
  }
}

TEST(RpcRulesTest, FindsARowByItsPathAndByNothingElse) {
  ASSERT_NE(FindRule("/sta.v1.Devices/ReleaseDevice"), nullptr);
  EXPECT_EQ(FindRule("/sta.v1.Devices/ReleaseDevice")->need, Need::kAdmin);
  for (const char* path :
       {"", "/", "//", "ReleaseDevice", "/ReleaseDevice", "sta.v1.Devices/ReleaseDevice",
        "/sta.v1.ModelStore/ReleaseDevice", "/sta.v1.Devices/", "/sta.v1.Devices/releasedevice"}) {
    EXPECT_EQ(FindRule(path), nullptr) << path;
  }
}

TEST(RpcRulesTest, TheManualHasThem) {
  std::ifstream file(std::string(STA_TEST_DATA_DIR) + "/../docs/security.md");
  std::stringstream manual;
  manual << file.rdbuf();
  EXPECT_THAT(manual.str(), testing::HasSubstr(RpcRulesMarkdown()))
      << "docs/security.md must hold this table:\n"
      << RpcRulesMarkdown();
}

}  // namespace
}  // namespace sta
