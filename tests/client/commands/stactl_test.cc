// SPDX-License-Identifier: Apache-2.0
#include "client/commands/stactl.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/client/commands/run_stactl.h"
#include "tests/support/fake_inference_server.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"

namespace sta::client {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

class StactlTest : public testing::Test {
 protected:
  Outcome Stactl(std::vector<std::string> args, const std::string& input = "") {
    args.push_back("--server");
    args.push_back(server_.address());
    return RunWith(args, {.input = input});
  }

  FakeInferenceServer server_;
};

TEST(StactlUsageTest, ExplainsItself) {
  const Outcome top = RunWith({"--help"});
  EXPECT_EQ(top.code, kExitOk);
  EXPECT_THAT(top.out, AllOf(HasSubstr("Examples:"), HasSubstr("embed"), HasSubstr("--server")));
  for (const std::string command : {"embed", "classify", "infer", "model", "devices", "convert",
                                    "diagnostic", "inspect", "verify", "disasm", "bench"}) {
    const Outcome help = RunWith({command, "--help"});
    EXPECT_EQ(help.code, kExitOk) << command;
    EXPECT_THAT(help.out, HasSubstr("Usage: stactl " + command + " ["));
    EXPECT_THAT(help.out, EndsWith("\n"));
  }
  EXPECT_THAT(
      RunWith({"model", "show", "--help"}).out,
      AllOf(HasSubstr("Usage: stactl model show ["), HasSubstr("stactl model show minilm")));
  EXPECT_THAT(RunWith({"--version"}).out, StartsWith("stactl "));
}

TEST(StactlUsageTest, SaysInOneLineWhatIsWrongWithTheCommandLine) {
  struct Case {
    std::vector<std::string> args;
    const char* message;
  };
  const Case cases[] = {
      {{}, "stactl: A subcommand is required"},
      {{"embd"}, "stactl: unknown command 'embd'; did you mean 'embed'?"},
      {{"zzz"}, "stactl: unknown command 'zzz'; see stactl --help"},
      {{"model"}, "stactl model: "},
      {{"model", "lst"}, "stactl model: unknown command 'lst'; did you mean 'list'?"},
      {{"embed", "--modle", "x", "text"}, "unknown option '--modle'; did you mean '--model'?"},
      {{"embed", "--simil=1", "text"}, "unknown option '--simil'; did you mean '--similarity'?"},
      {{"embed", "--sever", "x:1", "text"}, "did you mean '--server'?"},
      {{"model", "list", "surplus"}, "unexpected argument 'surplus'"},
      {{"model", "show"}, "NAME is required"},
      {{"embed", "--rows", "0", "x"}, "'0' is not an integer over zero"},
      {{"embed", "--rows", "x", "x"}, "'x' is not an integer over zero"},
      {{"embed", "--timeout", "soon", "x"}, "'soon' is not a duration"},
      {{"embed", "--timeout", "-1s", "x"}, "'-1s' is not over zero"},
      {{"embed", "--file", "f", "text"}, "TEXT excludes --file"},
      {{"embed", "--similarity", "--output", "f.npy", "x"}, "--similarity excludes --output"},
  };
  for (const Case& c : cases) {
    const Outcome run = RunWith(c.args);
    EXPECT_EQ(run.code, kExitUsage) << run.err;
    EXPECT_THAT(run.err, HasSubstr(c.message));
    EXPECT_EQ(std::count(run.err.begin(), run.err.end(), '\n'), 1) << run.err;
    EXPECT_EQ(run.out, "");
  }
}

TEST_F(StactlTest, EmbedShowsSizeAndFirstValues) {
  const Outcome run = Stactl({"embed", "abc", "bench"});  // a text may be called as a command is
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_EQ(run.out,
            "abc                                           [3]   3.00000  97.00000   1.00000\n"
            "bench                                         [3]   5.00000  98.00000   1.00000\n");
}

TEST_F(StactlTest, EmbedWritesJsonLines) {
  const Outcome run = Stactl({"--json", "embed", "--model", "embedder"}, "abc\n\"q\"\n");
  EXPECT_EQ(run.out,
            "{\"text\":\"abc\",\"embedding\":[3.0,97.0,1.0]}\n"
            "{\"text\":\"\\\"q\\\"\",\"embedding\":[3.0,34.0,1.0]}\n");
}

TEST_F(StactlTest, AsksTheVersionThatIsNamed) {
  EXPECT_EQ(Stactl({"embed", "--model", "embedder", "--version", "p2-8", "x"}).code, kExitOk);
  EXPECT_EQ(Stactl({"classify", "--model", "classifier", "--version", "3", "x"}).code, kExitOk);
  EXPECT_EQ(Stactl({"embed", "--model", "embedder", "x"}).code, kExitOk);
  const std::vector<inference::ModelInferRequest> requests = server_.infer_requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].model_version(), "p2-8");
  EXPECT_EQ(requests[1].model_version(), "3");
  EXPECT_EQ(requests[2].model_version(), "");
}

TEST_F(StactlTest, EmbedPrintsCosinesAsATable) {
  const Outcome run = Stactl({"embed", "--similarity", "a", "a", "bbbb"});
  EXPECT_EQ(run.out,
            "   text      1      2      3\n"
            "-  ----  -----  -----  -----\n"
            "1  a     1.000  1.000  1.000\n"
            "2  a     1.000  1.000  1.000\n"
            "3  bbbb  1.000  1.000  1.000\n");
  EXPECT_THAT(Stactl({"embed", "--similarity", "--json", "a"}).out,
              HasSubstr("{\"texts\":[\"a\"],\"similarity\":[["));
}

TEST_F(StactlTest, EmbedWritesANumpyFile) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "rows.npy";
  const Outcome run = Stactl({"embed", "--output", path, "a", "b"});
  EXPECT_EQ(run.out, "wrote " + path + ": 2 x 3 float32\n");
  EXPECT_EQ(std::filesystem::file_size(path), 128 + 6 * sizeof(float));
}

TEST_F(StactlTest, EmbedStreamsAFileInBoundedRequestsAndKeepsTheOrder) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() / "texts.txt";
  std::string expected;
  {
    std::ofstream file(path);
    for (int i = 0; i < 103; ++i) {
      const std::string text(static_cast<size_t>(i), 'x');
      file << text << "\n";
      expected += "\"embedding\":[" + std::to_string(i) + ".0,";
    }
  }
  const Outcome run =
      Stactl({"embed", "--json", "--file", path, "--rows", "10", "--in-flight", "3"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  std::istringstream lines(run.out);
  std::string line;
  for (int i = 0; i < 103; ++i) {
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_THAT(line, HasSubstr("\"embedding\":[" + std::to_string(i) + ".0,"));
  }
  EXPECT_THAT(server_.infer_requests(), SizeIs(11));
}

TEST_F(StactlTest, EmbedStopsAtTheFirstFailureAndSaysWhy) {
  server_.SetInferHandler([](const ModelInferRequest& request, ModelInferResponse* response) {
    if (DecodeBytesTensor(request.raw_input_contents(0)).at(0) == "bad") {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "text[0]: not UTF-8");
    }
    return FakeInferenceServer::DefaultInfer(request, response);
  });
  const Outcome run = Stactl({"embed", "--rows", "1", "--json"}, "good\nbad\ngood\n");
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_EQ(run.out, "{\"text\":\"good\",\"embedding\":[4.0,103.0,1.0]}\n");
  EXPECT_EQ(run.err, "stactl embed: INVALID_ARGUMENT: text[0]: not UTF-8\n");
}

TEST_F(StactlTest, ChoosesTheModelOnlyWhereOneFits) {
  server_.SetModels({});
  EXPECT_THAT(Stactl({"embed", "x"}).err, HasSubstr("no ready model for sentence_embedding"));
  v1::GetModelResponse one;
  one.mutable_model()->set_name("one");
  one.mutable_model()->set_state(v1::MODEL_STATE_READY);
  one.mutable_model()->set_task("sentence_embedding");
  v1::GetModelResponse two = one;
  two.mutable_model()->set_name("two");
  server_.SetModels({one, two});
  EXPECT_THAT(Stactl({"embed", "x"}).err, HasSubstr("choose one by --model: one, two"));
}

TEST_F(StactlTest, ClassifyPrintsLabels) {
  EXPECT_THAT(Stactl({"classify", "abc"}).out, HasSubstr("  0.7500  short\n"));
  EXPECT_EQ(Stactl({"classify", "abcdef", "--json"}).out,
            "{\"text\":\"abcdef\",\"label\":\"long\",\"probabilities\":[0.25,0.75]}\n");
}

TEST_F(StactlTest, InferTakesAndGivesJson) {
  const std::string request =
      R"({"id":"1","inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":["abc"]}]})";
  const std::string answer =
      R"({"model_name":"embedder","model_version":"1","id":"1","outputs":[)"
      R"({"name":"sentence_embedding","datatype":"FP32","shape":[1,3],"data":[3.0,97.0,1.0]}]})"
      "\n";
  EXPECT_EQ(Stactl({"infer", "--model", "embedder", request}).out, answer);
  EXPECT_EQ(Stactl({"infer", "--model", "embedder"}, request).out, answer);
  EXPECT_THAT(Stactl({"infer", "--model", "embedder", "{}"}).err,
              HasSubstr("stactl infer: INVALID_ARGUMENT: request: wants an array \"inputs\""));
  EXPECT_THAT(Stactl({"infer", "--file", "/nowhere"}).err, HasSubstr("cannot read /nowhere"));
}

TEST_F(StactlTest, ListsModels) {
  EXPECT_EQ(Stactl({"model", "list"}).out,
            "model       version  aliases       state  task                     patterns   bytes"
            "  tokens\n"
            "----------  -------  ------------  -----  -----------------------  --------  ------"
            "  ------\n"
            "classifier       *1  prod, stable  READY  sequence_classification  2:8 x1    12,345"
            "     512\n"
            "embedder          1                READY  sentence_embedding       2:8 x1    12,345"
            "     512\n");
  EXPECT_THAT(Stactl({"model", "list", "--json"}).out, HasSubstr("\"name\": \"embedder\""));
  server_.SetModels({});
  EXPECT_EQ(Stactl({"model", "list"}).out, "the server has no models\n");
}

TEST_F(StactlTest, ShowsAModel) {
  const Outcome run = Stactl({"model", "show", "embedder"});
  EXPECT_EQ(run.code, kExitOk) << run.err;
  EXPECT_THAT(run.out, AllOf(HasSubstr("version  1 READY"), HasSubstr("text BYTES[-1]"),
                             HasSubstr("encoder.layer.0.output  2:8"), HasSubstr("0.99750")));
  EXPECT_THAT(Stactl({"model", "show", "embedder", "--json"}).out,
              HasSubstr("\"position_bytes\": 77"));
  const Outcome unknown = Stactl({"model", "show", "nobody"});
  EXPECT_EQ(unknown.code, kExitFailed);
  EXPECT_EQ(unknown.err, "stactl model show: NOT_FOUND: unknown model 'nobody'\n");
}

TEST_F(StactlTest, ShowsAModelOfAServerWithoutAStore) {
  server_.RemoveStore();
  EXPECT_THAT(Stactl({"model", "show", "embedder"}).out, HasSubstr("versions 1"));
  EXPECT_THAT(Stactl({"model", "list"}).err, HasSubstr("is it an sta-server?"));
}

TEST(StactlUnreachableTest, SaysThatNoServerIsThere) {
  const Outcome run = RunWith({"embed", "--model", "m", "x", "--server", "127.0.0.1:1"});
  EXPECT_EQ(run.code, kExitFailed);
  EXPECT_THAT(run.err, AllOf(StartsWith("stactl embed: UNAVAILABLE: "),
                             HasSubstr("cannot reach a server at 127.0.0.1:1")));
  EXPECT_THAT(RunWith({"embed", "x", "--server", "nonsense"}).err,
              HasSubstr("neither host:port nor unix:path"));
}

}  // namespace
}  // namespace sta::client
