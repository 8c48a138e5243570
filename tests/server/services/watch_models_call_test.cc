// SPDX-License-Identifier: Apache-2.0
//
// WatchModels over gRPC.
#include "server/services/watch_models_call.h"

#include <memory>
#include <string>
#include <vector>

#include "tests/server/services/store_service_fixture.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class WatchModelsCallTest : public StoreServiceTest {
 protected:
  using Reader = std::unique_ptr<grpc::ClientReader<v1::WatchModelsResponse>>;

  Reader Watch(grpc::ClientContext& context, const std::string& name = "",
               const std::string& resume_token = "") {
    v1::WatchModelsRequest request;
    request.set_name(name);
    request.set_resume_token(resume_token);
    return stub_->WatchModels(&context, request);
  }

  // The next event of `version` in `state`.
  static v1::WatchModelsResponse ReadUntil(const Reader& reader, int64_t version,
                                           v1::ModelState state) {
    v1::WatchModelsResponse event;
    do {
      if (!reader->Read(&event)) {
        ADD_FAILURE() << "the watch has ended: " << FromGrpc(reader->Finish());
        return {};
      }
    } while (event.model().version() != version || event.model().state() != state);
    return event;
  }

  // What a watch that cannot begin ends with.
  absl::Status Refusal(const std::string& resume_token) {
    grpc::ClientContext context;
    const Reader reader = Watch(context, "", resume_token);
    v1::WatchModelsResponse event;
    EXPECT_FALSE(reader->Read(&event));
    return FromGrpc(reader->Finish());
  }
};

TEST_F(WatchModelsCallTest, TellsWhatIsThereAndEveryStepOfANewVersion) {
  Upload("m", first_);
  grpc::ClientContext context;
  const Reader reader = Watch(context);
  v1::WatchModelsResponse event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.model().name(), "m");
  EXPECT_EQ(event.model().version(), 1);
  EXPECT_EQ(event.model().state(), v1::MODEL_STATE_READY);
  EXPECT_TRUE(event.model().is_default());

  Upload("m", second_);
  for (const v1::ModelState state : {v1::MODEL_STATE_VERIFYING, v1::MODEL_STATE_LOADING,
                                     v1::MODEL_STATE_WARMING, v1::MODEL_STATE_READY}) {
    ReadUntil(reader, 2, state);
  }
  ReadUntil(reader, 1, v1::MODEL_STATE_UNLOADED);
}

TEST_F(WatchModelsCallTest, TellsOfADeletion) {
  Upload("m", first_);
  grpc::ClientContext context;
  const Reader reader = Watch(context);
  ReadUntil(reader, 1, v1::MODEL_STATE_READY);
  grpc::ClientContext delete_context;
  v1::DeleteVersionRequest request;
  request.set_name("m");
  request.set_version(1);
  v1::DeleteVersionResponse response;
  EXPECT_THAT(FromGrpc(stub_->DeleteVersion(&delete_context, request, &response)), IsOk());
  ReadUntil(reader, 1, v1::MODEL_STATE_DELETED);
}

TEST_F(WatchModelsCallTest, TellsOfOneModelOnly) {
  Upload("m", first_);
  Upload("other", second_);
  grpc::ClientContext context;
  const Reader reader = Watch(context, "other");
  v1::WatchModelsResponse event;
  ASSERT_TRUE(reader->Read(&event));
  EXPECT_EQ(event.model().name(), "other");
}

TEST_F(WatchModelsCallTest, GoesOnWhereAnEarlierWatchEnded) {
  std::string token;
  {
    grpc::ClientContext context;
    Upload("m", first_);
    const Reader reader = Watch(context);
    token = ReadUntil(reader, 1, v1::MODEL_STATE_READY).resume_token();
    ASSERT_FALSE(token.empty());
    context.TryCancel();
    reader->Finish();
  }
  Upload("m", second_);
  grpc::ClientContext context;
  const Reader reader = Watch(context, "", token);
  // A watch from now on would see it only as it is: READY.
  ReadUntil(reader, 2, v1::MODEL_STATE_VERIFYING);
}

TEST_F(WatchModelsCallTest, RefusesTokensThatItDoesNotKnow) {
  Upload("m", first_);
  EXPECT_THAT(Refusal("nonsense"), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Refusal("00000000000000aa-1"),
              StatusIs(StatusCode::kAborted, HasSubstr("of another run")));
}

TEST_F(WatchModelsCallTest, EndsWhenTheFeedCloses) {
  Upload("m", first_);
  grpc::ClientContext context;
  const Reader reader = Watch(context);
  ReadUntil(reader, 1, v1::MODEL_STATE_READY);
  feed_.Close();
  v1::WatchModelsResponse event;
  EXPECT_FALSE(reader->Read(&event));
  EXPECT_THAT(FromGrpc(reader->Finish()),
              StatusIs(StatusCode::kUnavailable, "the server is shutting down"));
}

// Changes after its end must not reach a dead call.
TEST_F(WatchModelsCallTest, EndsWithItsClient) {
  grpc::ClientContext context;
  const Reader reader = Watch(context);
  context.TryCancel();
  EXPECT_THAT(FromGrpc(reader->Finish()), StatusIs(StatusCode::kCancelled));
  Upload("m", first_);
}

// More of them than gRPC has threads.
TEST_F(WatchModelsCallTest, ManyWatchesHoldNoThread) {
  Upload("m", first_);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<Reader> watches;
  for (int i = 0; i < 100; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    watches.push_back(Watch(*contexts.back()));
  }
  for (const Reader& watch : watches) ReadUntil(watch, 1, v1::MODEL_STATE_READY);
  Upload("m", second_);
  for (const Reader& watch : watches) ReadUntil(watch, 2, v1::MODEL_STATE_READY);
}

}  // namespace
}  // namespace sta
