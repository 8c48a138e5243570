// SPDX-License-Identifier: Apache-2.0
#include "server/security/security_files.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include "model_store/package/sha256.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/test_certificates.h"

namespace sta {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SecurityFilesTest : public testing::Test {
 protected:
  SecurityFilesTest() {
    Write("cert", first_.chain);
    Write("key", first_.key);
    Write("ca", authority_.pem());
    Write("tokens", "web infer sha256:" + Sha256Hex("one"));
  }

  std::string Path(const std::string& name) const { return directory_.path() / name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::trunc) << text;
  }
  SecurityPaths All() const {
    return {.tls_cert = Path("cert"),
            .tls_key = Path("key"),
            .tls_client_ca = Path("ca"),
            .tokens = Path("tokens")};
  }
  absl::StatusOr<std::unique_ptr<SecurityFiles>> Open(const SecurityPaths& paths) {
    return SecurityFiles::Open(paths, clock_);
  }
  // What a Reload tells: "tokens in effect".
  std::vector<std::string> Reload(SecurityFiles& files) {
    std::vector<std::string> told;
    files.Reload([&](std::string_view what, bool is_in_effect) {
      told.push_back(std::string(what) + (is_in_effect ? " in effect" : " refused"));
    });
    return told;
  }
  static absl::Status Infer(const SecurityFiles& files, const std::string& token) {
    const std::string header = "Bearer " + token;
    return files.access().Check(RuleOf("ModelInfer"), {.peer = "unix:", .authorization = {header}},
                                absl::Now());
  }

  TemporaryDirectory directory_;
  SystemClock clock_;
  const TestAuthority authority_{"test authority"};
  const TestCertificate first_ = authority_.Issue({.name = "first"});
  const TestCertificate second_ = authority_.Issue({.name = "second"});
};

TEST_F(SecurityFilesTest, WithoutFilesThereIsNeitherTlsNorToken) {
  STA_ASSERT_OK_AND_ASSIGN(const auto files, Open({}));
  EXPECT_EQ(files->tls(), nullptr);
  EXPECT_FALSE(files->access().has_tokens());
  EXPECT_THAT(Reload(*files), IsEmpty());
}

TEST_F(SecurityFilesTest, OpensWhatItIsGiven) {
  STA_ASSERT_OK_AND_ASSIGN(const auto files, Open(All()));
  ASSERT_NE(files->tls(), nullptr);
  EXPECT_TRUE(files->tls()->wants_client_certificates());
  EXPECT_EQ(files->tls()->Get()->subject, "CN = first");
  EXPECT_THAT(Infer(*files, "one"), IsOk());
  EXPECT_THAT(Reload(*files), IsEmpty());
}

TEST_F(SecurityFilesTest, RefusesToOpenWhatIsMissingOrBad) {
  Write("empty", "");
  struct Case {
    SecurityPaths paths;
    StatusCode code;
    const char* problem;
  };
  const std::string nowhere = Path("nowhere");
  for (const Case& c : {
           Case{{.tls_cert = Path("cert")}, StatusCode::kInvalidArgument, "needs its key"},
           Case{{.tls_key = Path("key")}, StatusCode::kInvalidArgument, "needs its certificate"},
           Case{{.tls_client_ca = Path("ca")}, StatusCode::kInvalidArgument, "needs TLS"},
           Case{{.tls_cert = nowhere, .tls_key = Path("key")}, StatusCode::kNotFound, "nowhere"},
           Case{{.tls_cert = Path("ca"), .tls_key = Path("key")},
                StatusCode::kInvalidArgument,
                "tls_cert: the key is not the certificate's"},
           Case{{.tls_cert = Path("cert"), .tls_key = Path("key"), .tls_client_ca = Path("empty")},
                StatusCode::kInvalidArgument,
                "tls_client_ca: the file is empty"},
           Case{{.tokens = nowhere}, StatusCode::kNotFound, "tokens: cannot read"},
           Case{{.tokens = Path("cert")}, StatusCode::kInvalidArgument, "tokens: line 1"},
       }) {
    EXPECT_THAT(Open(c.paths), StatusIs(c.code, HasSubstr(c.problem)));
  }
}

TEST_F(SecurityFilesTest, TakesNewTokens) {
  STA_ASSERT_OK_AND_ASSIGN(const auto files, Open(All()));
  Write("tokens", "web infer sha256:" + Sha256Hex("two"));
  EXPECT_THAT(Reload(*files), ElementsAre("tokens in effect"));
  EXPECT_THAT(Infer(*files, "two"), IsOk());
  EXPECT_THAT(Infer(*files, "one"), StatusIs(StatusCode::kUnauthenticated));
}

TEST_F(SecurityFilesTest, BadOrMissingTokensLeaveTheOldInEffect) {
  STA_ASSERT_OK_AND_ASSIGN(const auto files, Open(All()));
  for (const char* text : {"web infer", "", "# nothing\n"}) {
    Write("tokens", text);
    EXPECT_THAT(Reload(*files), ElementsAre("tokens refused"));
    EXPECT_THAT(Reload(*files), IsEmpty()) << "told once";
    EXPECT_THAT(Infer(*files, "one"), IsOk());
  }
  std::filesystem::remove(Path("tokens"));
  EXPECT_THAT(Reload(*files), ElementsAre("tokens refused"));
  EXPECT_THAT(Infer(*files, "one"), IsOk());
  Write("tokens", "web infer sha256:" + Sha256Hex("two"));
  EXPECT_THAT(Reload(*files), ElementsAre("tokens in effect"));
}

TEST_F(SecurityFilesTest, TakesANewCertificateWhenItsKeyIsThereToo) {
  STA_ASSERT_OK_AND_ASSIGN(const auto files, Open(All()));
  Write("cert", second_.chain);
  EXPECT_THAT(Reload(*files), ElementsAre("tls refused")) << "the key is the old one's";
  EXPECT_EQ(files->tls()->Get()->subject, "CN = first");
  Write("key", second_.key);
  EXPECT_THAT(Reload(*files), ElementsAre("tls in effect"));
  EXPECT_EQ(files->tls()->Get()->subject, "CN = second");
  EXPECT_EQ(files->tls()->Get()->texts.key, second_.key);
}

TEST_F(SecurityFilesTest, RefusesAnExpiredCertificateAndNoAuthorities) {
  STA_ASSERT_OK_AND_ASSIGN(const auto files, Open(All()));
  const TestCertificate old = authority_.Issue({.ends = absl::Now() - absl::Minutes(1)});
  Write("cert", old.chain);
  Write("key", old.key);
  EXPECT_THAT(Reload(*files), ElementsAre("tls refused"));
  Write("cert", second_.chain);
  Write("key", second_.key);
  Write("ca", "");
  EXPECT_THAT(Reload(*files), ElementsAre("tls refused"));
  EXPECT_EQ(files->tls()->Get()->subject, "CN = first");
}

}  // namespace
}  // namespace sta
