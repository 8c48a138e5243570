// SPDX-License-Identifier: Apache-2.0
//
// Over the model store's service, which knows nothing of it.
#include "server/services/audit_log.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model_store/package/sha256.h"
#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using testing::AllOf;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto Is(const std::string& rpc, const std::string& code, const nlohmann::json& request) {
  return AllOf(Field(&AuditRecord::rpc, "sta.v1.ModelStore/" + rpc),
               Field(&AuditRecord::code, code), Field(&AuditRecord::request, request));
}

class AuditLogTest : public StoreServiceTest {
 protected:
  explicit AuditLogTest(std::shared_ptr<const TokenTable> tokens = nullptr)
      : StoreServiceTest({}, {}, TestDisk::kReal, std::move(tokens)) {}

  void SetUp() override {
    GrpcServerOptions options{.listen = {{"127.0.0.1", 0}}};
    options.interceptors.push_back(
        std::make_unique<AuditLog>(access_, clock_, [this](const AuditRecord& record) {
          const absl::MutexLock lock(&mutex_);
          records_.push_back(record);
        }));
    server_.reset();
    STA_ASSERT_OK_AND_ASSIGN(server_, GrpcServer::Start(std::move(options), {service_.get()}));
    stub_ = NewStub();
  }

  // Those of the calls that are over: a line is written before its status is sent.
  std::vector<AuditRecord> Records() {
    const absl::MutexLock lock(&mutex_);
    return records_;
  }

  absl::Status DeleteVersion(int64_t version, const std::string& token = "") {
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    v1::DeleteVersionRequest request;
    request.set_name("m");
    request.set_version(version);
    v1::DeleteVersionResponse response;
    return FromGrpc(stub_->DeleteVersion(&context, request, &response));
  }

  absl::Mutex mutex_;
  std::vector<AuditRecord> records_ ABSL_GUARDED_BY(mutex_);
};

TEST_F(AuditLogTest, TellsWhoChangedWhatAndHowItEnded) {
  Upload("m", first_);
  EXPECT_THAT(DeleteVersion(7), StatusIs(absl::StatusCode::kNotFound));
  const std::vector<AuditRecord> records = Records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_THAT(records[0], Is("StartUpload", "OK", {{"name", "m"}}));
  EXPECT_THAT(records[1], Field(&AuditRecord::rpc, "sta.v1.ModelStore/Upload"));
  EXPECT_TRUE(records[1].request.contains("upload_id")) << records[1].request;
  EXPECT_EQ(records[1].code, "OK");
  EXPECT_THAT(records[2], Is("DeleteVersion", "NOT_FOUND", {{"name", "m"}, {"version", "7"}}));
  EXPECT_THAT(records[2].reason, HasSubstr("7"));
  EXPECT_EQ(records[2].caller, "ipv4:127.0.0.1");
  EXPECT_THAT(records[2].peer, HasSubstr("ipv4:127.0.0.1:"));
}

TEST_F(AuditLogTest, SaysNothingOfReads) {
  grpc::ClientContext context;
  v1::ListModelsResponse response;
  EXPECT_TRUE(stub_->ListModels(&context, {}, &response).ok());
  EXPECT_THAT(Records(), IsEmpty());
}

TEST_F(AuditLogTest, NamesTheTraceOfTheCaller) {
  for (const char* traceparent :
       {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "nonsense"}) {
    grpc::ClientContext context;
    context.AddMetadata("traceparent", traceparent);
    v1::DeleteVersionResponse response;
    EXPECT_FALSE(stub_->DeleteVersion(&context, {}, &response).ok());
  }
  const std::vector<AuditRecord> records = Records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(records[1].trace_id, "");
}

TEST_F(AuditLogTest, CutsWhatAClientMakesLong) {
  grpc::ClientContext context;
  v1::LoadModelRequest request;
  request.set_name(std::string(5000, 'x'));
  v1::LoadModelResponse response;
  EXPECT_FALSE(stub_->LoadModel(&context, request, &response).ok());
  const std::vector<AuditRecord> records = Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].request["name"].get<std::string>().size(), 128u);
}

class AuditLogWithTokensTest : public AuditLogTest {
 protected:
  AuditLogWithTokensTest() : AuditLogTest(OneToken()) {}

  static std::shared_ptr<const TokenTable> OneToken() {
    absl::StatusOr<TokenTable> table = TokenTable::Parse("ops admin sha256:" + Sha256Hex("right"));
    EXPECT_THAT(table, IsOk());
    return std::make_shared<const TokenTable>(*std::move(table));
  }
};

TEST_F(AuditLogWithTokensTest, NamesTheTokenAndNeverRepeatsIt) {
  EXPECT_THAT(DeleteVersion(1, "right"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(DeleteVersion(1, "wrong-secret"), StatusIs(absl::StatusCode::kUnauthenticated));
  const std::vector<AuditRecord> records = Records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].caller, "ops");
  EXPECT_EQ(records[1].caller, "ipv4:127.0.0.1");
  EXPECT_EQ(records[1].code, "UNAUTHENTICATED");
  EXPECT_EQ(records[1].reason.find("wrong-secret"), std::string::npos);
}

TEST_F(AuditLogWithTokensTest, AStrangerCannotFloodIt) {
  for (int i = 0; i < AuditLog::kMostRefusals + 5; ++i) {
    EXPECT_THAT(DeleteVersion(1), StatusIs(absl::StatusCode::kUnauthenticated));
  }
  EXPECT_EQ(std::ssize(Records()), AuditLog::kMostRefusals);
  EXPECT_THAT(DeleteVersion(1, "right"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Records().back().code, "NOT_FOUND") << "what is no refusal always has its line";
  clock_.Advance(absl::Seconds(1));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(DeleteVersion(1), StatusIs(absl::StatusCode::kUnauthenticated));
  }
  const std::vector<AuditRecord> records = Records();
  EXPECT_EQ(records[records.size() - 2].left_out, 5);
  EXPECT_EQ(records.back().left_out, 0);
}

}  // namespace
}  // namespace sta
