// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "tests/client/commands/run_stactl.h"
#include "tests/support/fake_model_store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/tiny_package.h"

namespace sta::client {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ModelCommandsTest : public testing::Test {
 protected:
  Outcome Stactl(std::vector<std::string> args, bool terminal = false) {
    args.push_back("--server");
    args.push_back(server_.address());
    return RunWith(args, {.err_is_terminal = terminal});
  }

  std::string TinyPackageNamed(const std::string& name) {
    const std::filesystem::path path = directory_.path() / name;
    EXPECT_THAT(WriteTinyPackage(path), IsOk());
    return path.string();
  }

  TemporaryDirectory directory_;
  FakeModelStore server_;
};

TEST_F(ModelCommandsTest, UploadTakesTheNameOfTheDirectory) {
  const Outcome run = Stactl({"model", "upload", TinyPackageNamed("tiny")});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, HasSubstr("tiny version 7 is stored ("));
  EXPECT_THAT(run.err, HasSubstr("model upload: uploading done"));
  const Outcome again = Stactl({"model", "upload", TinyPackageNamed("store/other/3"), "--json"});
  EXPECT_THAT(again.out, AllOf(HasSubstr("\"name\": \"other\""), HasSubstr("\"existed\": true")));
}

TEST_F(ModelCommandsTest, UploadDrawsABarForAPerson) {
  const Outcome run = Stactl({"model", "upload", TinyPackageNamed("tiny")}, /*terminal=*/true);
  EXPECT_THAT(run.err, AllOf(HasSubstr("\ruploading [####"), HasSubstr(" kB")));
}

TEST_F(ModelCommandsTest, UploadSetsTheAliasAfterwards) {
  const Outcome run = Stactl({"model", "upload", TinyPackageNamed("tiny"), "--alias", "prod"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, HasSubstr("and is now 'prod'"));
  EXPECT_THAT(server_.requests(),
              ElementsAre("SetAlias name: \"tiny\" alias: \"prod\" version: 7"));
}

TEST_F(ModelCommandsTest, UploadTellsThatTheVersionIsStoredWhereOnlyTheAliasFails) {
  server_.SetStatus({grpc::StatusCode::FAILED_PRECONDITION, "it could not be loaded"});
  const Outcome run = Stactl({"model", "upload", TinyPackageNamed("tiny"), "--alias", "prod"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("version 7 is stored, but is not 'prod': it could not be loaded"));
}

TEST_F(ModelCommandsTest, UploadLooksAtThePackageFirst) {
  const std::string package = TinyPackageNamed("tiny");
  std::filesystem::resize_file(std::filesystem::path(package) / "encoder.safetensors", 100);
  const Outcome run = Stactl({"model", "upload", package});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("encoder.safetensors"));
  EXPECT_EQ(server_.streams(), 0);
}

TEST_F(ModelCommandsTest, AliasAndRollbackTellWhereItWas) {
  EXPECT_EQ(Stactl({"model", "alias", "m", "prod", "3"}).out, "m 'prod' is version 3, was 2\n");
  EXPECT_EQ(Stactl({"model", "rollback", "m"}).out, "m 'prod' is version 1, was 2\n");
  EXPECT_EQ(Stactl({"model", "rollback", "m", "--json"}).out,
            "{\"name\":\"m\",\"alias\":\"prod\",\"version\":1,\"previous_version\":2}\n");
  EXPECT_EQ(Stactl({"model", "alias", "m", "canary", "--delete"}).out,
            "m has no alias 'canary' any more\n");
  EXPECT_THAT(Stactl({"model", "alias", "m", "canary"}).err,
              HasSubstr("give either VERSION or --delete"));
  EXPECT_THAT(Stactl({"model", "alias", "m", "canary", "2", "--delete"}).err,
              HasSubstr("give either VERSION or --delete"));
}

TEST_F(ModelCommandsTest, ChangesSayWhatHappened) {
  EXPECT_EQ(Stactl({"model", "delete", "m", "2"}).out, "m version 2 is deleted\n");
  EXPECT_EQ(Stactl({"model", "load", "m"}).out, "m version 3 is loaded\n");
  EXPECT_EQ(Stactl({"model", "unload", "m", "--version", "canary"}).out,
            "m version canary is unloaded\n");
  EXPECT_THAT(Stactl({"model", "unload", "m"}).err, HasSubstr("--version is required"));
  EXPECT_THAT(Stactl({"model", "delete", "m", "x"}).err, HasSubstr("'x' is not an integer"));
}

TEST_F(ModelCommandsTest, VerifyFailsWhereAByteIsWrong) {
  EXPECT_EQ(Stactl({"model", "verify", "m"}).out, "m version 3: 12,345 bytes are right\n");
  const Outcome run = Stactl({"model", "verify", "m", "--version", "broken"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, HasSubstr("DATA_LOSS: m version 3: encoder.safetensors: another SHA-256"));
}

TEST_F(ModelCommandsTest, WatchWritesALineAChange) {
  server_.SetStatus({grpc::StatusCode::UNAVAILABLE, "the server shuts down"});
  const Outcome run = Stactl({"model", "watch", "minilm"});
  EXPECT_EQ(run.code, kExitFailed);  // the stream ended
  EXPECT_THAT(run.out, AllOf(HasSubstr("minilm 3 WARMING [canary]\n"),
                             HasSubstr("minilm 3 FAILED [canary]: a weight is missing\n")));
  const Outcome json = Stactl({"model", "watch", "--json", "--resume", "t0"});
  EXPECT_THAT(json.out, HasSubstr("\"resume_token\":\"t2\""));
  EXPECT_THAT(server_.requests().back(), HasSubstr("resume_token: \"t0\""));
}

TEST_F(ModelCommandsTest, ExportVerifiesWhatItWrote) {
  v1::ExportResponse chunk;
  chunk.set_file("manifest.json");
  server_.SetExport({chunk});
  const std::string output = (directory_.path() / "copy").string();
  const Outcome run = Stactl({"model", "export", "m", "--output", output});
  EXPECT_EQ(run.code, kExitFailed);  // an empty manifest
  EXPECT_THAT(run.err, AllOf(HasSubstr("manifest.json"), Not(HasSubstr("verified"))));
}

}  // namespace
}  // namespace sta::client
