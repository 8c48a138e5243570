// SPDX-License-Identifier: Apache-2.0
//
// Drives the uploads of a store on a simulated disk with a stream of bytes: which call comes next,
// with which of a few right and wrong arguments, which call of the disk fails, when the power is
// cut. The first line of the input is one more manifest.json, as hostile as it likes; the rest is
// the stream. Whatever happens, versions are whole and true, what a finished upload acknowledged is
// there, nothing lies where it does not belong, and nothing is left over.
// Seeds: tests/fuzz/corpus/upload_fuzz.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "checksum/crc32c.h"
#include "model_store/store/version_store.h"
#include "strings/str_cat.h"
#include "tests/model_store/store/store_contents.h"
#include "tests/support/fake_clock.h"
#include "tests/support/simulated_file_system.h"

namespace sta {
namespace {

constexpr int kMaxCalls = 200;  // of the store, an input: milliseconds
constexpr int kMaxOpenUploads = 4;
constexpr int64_t kDiskBytes = 64 << 10;

void Require(bool condition, std::string_view what) {
  if (condition) return;
  std::cerr << what << "\n";
  std::abort();
}
void Require(const absl::Status& status, std::string_view what) {
  Require(status.ok(), StrCat(what, ": ", status.ToString()));
}

// The bytes that decide; zeros when there are none left.
class Choices {
 public:
  explicit Choices(std::string_view bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }
  size_t Below(size_t bound) {
    if (bytes_.empty()) return 0;
    const size_t byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte % bound;
  }
  template <typename T, size_t kSize>
  const T& Of(const std::array<T, kSize>& choices) {
    return choices[Below(kSize)];
  }

 private:
  std::string_view bytes_;
};

class UploadFuzzer {
 public:
  UploadFuzzer(std::string_view hostile_manifest, std::string_view choices)
      : manifests_{ManifestOf(kPackages[0]), ManifestOf(kPackages[1]),
                   std::string(hostile_manifest)},
        choices_(choices),
        files_(std::make_unique<SimulatedFileSystem>(clock_)) {
    files_->SetCapacity(kDiskBytes);
    files_->PutDirectory(kStoreRoot);
    Open();
  }

  void Run() {
    for (int call = 0; call < kMaxCalls && !choices_.empty(); ++call) {
      OneCall();
      Require(static_cast<int>(store_->ListUploads().size()) <= kMaxOpenUploads, "uploads");
      CheckPlaces();
    }
    files_->SetFault({});
    Require(store_->Rescan(), "rescan");
    CheckVersions();
    for (const UploadStatus& upload : store_->ListUploads()) {
      Require(store_->AbortUpload(upload.id), "abort");
    }
    Require(store_->CollectGarbage(), "collect");
    const StoreContents contents = ContentsOf(*store_, *files_);
    for (const std::string& path : WrongPaths(*files_, contents)) Require(false, path);
  }

 private:
  inline static const std::array<PackageFiles, 2> kPackages = {FilesOfPackage('a'),
                                                               FilesOfPackage('b')};

  void Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<VersionStore>> store =
        VersionStore::Open(kStoreRoot, {.max_open_uploads = kMaxOpenUploads}, *files_, clock_,
                           [](const std::filesystem::path&) { return absl::OkStatus(); });
    Require(store.status(), "open");
    store_ = *std::move(store);
  }

  void OneCall() {
    switch (choices_.Below(12)) {
      case 0:
      case 1:
        return Start();
      case 2:
      case 3:
      case 4:
        return Append();
      case 5:
        return Finish();
      case 6:
        store_->SyncUpload(SomeUpload()).IgnoreError();
        return;
      case 7:
        store_->AbortUpload(SomeUpload()).IgnoreError();
        return;
      case 8:
        clock_.Advance(absl::Hours(static_cast<int64_t>(choices_.Below(40)) - 8));
        store_->CollectGarbage().IgnoreError();
        return;
      case 9:
        return CutThePower();
      case 10:
        return SetFault();
      default:
        return Delete();
    }
  }

  std::string SomeUpload() {
    const std::vector<UploadStatus> uploads = store_->ListUploads();
    const size_t choice = choices_.Below(kMaxOpenUploads + 2);
    if (choice < uploads.size()) return uploads[choice].id;
    return choice % 2 == 0 ? "../../models" : "";
  }

  void Start() {
    static constexpr std::array<std::string_view, 8> kNames = {"m",    "m",    "n",     "n",
                                                               "../m", ".sta", "m\xff", ""};
    static constexpr std::array<int64_t, 8> kVersions = {0, 0, 1, 2, 3, -1, INT64_MAX, 1000};
    static constexpr std::array<std::string_view, 4> kKeys = {"", "", "key", "\xc3\x28"};
    const UploadRequest request = {.name = std::string(choices_.Of(kNames)),
                                   .version = choices_.Of(kVersions),
                                   .manifest = choices_.Of(manifests_),
                                   .key = std::string(choices_.Of(kKeys))};
    const absl::StatusOr<StartedUpload> started = store_->StartUpload(request);
    Require(!started.ok() || started->upload.has_value() != started->existing.has_value(),
            "one of upload and existing");
  }

  void Append() {
    const std::string id = SomeUpload();
    const absl::StatusOr<UploadStatus> status = store_->GetUpload(id);
    static constexpr std::array<std::string_view, 8> kFiles = {
        "encoder.safetensors", "encoder.safetensors", "embeddings.safetensors", "config.json",
        "vocab.txt",           "empty.txt",           "../config.json",         "manifest.json"};
    const std::string_view file = choices_.Of(kFiles);
    const PackageFiles& package = kPackages[choices_.Below(2)];
    const auto found = package.find(std::string(file));
    const std::string bytes = found == package.end() ? "anything" : found->second;
    size_t at = 0;
    if (status.ok()) {
      for (const UploadFileStatus& known : status->files) {
        if (known.name == file) at = static_cast<size_t>(known.received_bytes);
      }
    }
    const std::string_view data = std::string_view(bytes).substr(
        std::min(at, bytes.size()), choices_.Below(2) == 0 ? 64 : choices_.Below(8));
    static constexpr std::array<int64_t, 8> kShifts = {0, 0, 0, 0, 0, 1, -100, INT64_MAX};
    const int64_t shift = choices_.Of(kShifts);
    const uint32_t crc = Crc32c(data) + (choices_.Below(16) == 15 ? 1 : 0);
    const absl::StatusOr<UploadStatus> now = store_->AppendToUpload(
        id, {.file = file,
             .offset = shift == INT64_MAX ? shift : static_cast<int64_t>(at) + shift,
             .data = std::as_bytes(std::span(data)),
             .crc32c = crc});
    if (now.ok()) Require(now->received_bytes <= now->size_bytes, "received more than declared");
  }

  void Finish() {
    const absl::StatusOr<VersionInfo> version = store_->FinishUpload(SomeUpload());
    if (!version.ok()) return;
    acknowledged_.emplace(version->name, version->version);
    Require(!gone_.contains({version->name, version->version}), "a number that was given before");
    Require(store_->Snapshot()->Find(version->name, version->version) != nullptr, "no version");
  }

  void Delete() {
    const std::shared_ptr<const StoreSnapshot> snapshot = store_->Snapshot();
    if (snapshot->versions.empty()) return;
    const VersionInfo& version = snapshot->versions[choices_.Below(snapshot->versions.size())];
    const std::pair key(version.name, version.version);
    deleted_.insert(key);
    const absl::Status status =
        store_->DeleteVersion(version.name, version.version, choices_.Below(2) == 0);
    if (status.ok()) gone_.insert(key);
  }

  void SetFault() {
    static constexpr std::array kErrors = {ENOSPC, EIO, EACCES};
    const bool is_short = choices_.Below(2) == 0;
    files_->SetFault({.kind = is_short ? FaultKind::kShortWrite : FaultKind::kError,
                      .call = files_->calls() + 1 + static_cast<int64_t>(choices_.Below(64)),
                      .error_number = choices_.Of(kErrors)});
  }

  // Now, or, with the next call of the store, in the middle of it.
  void CutThePower() {
    if (const size_t later = choices_.Below(64); later > 0) {
      files_->SetFault(
          {.kind = FaultKind::kCrash, .call = files_->calls() + static_cast<int64_t>(later)});
      if (choices_.Below(2) == 0) {
        Finish();
      } else {
        Append();
      }
    }
    static constexpr std::array kOutcomes = {CrashOutcome::Kind::kRandom,
                                             CrashOutcome::Kind::kLoseUnsynced,
                                             CrashOutcome::Kind::kKeepAll};
    std::unique_ptr<SimulatedFileSystem> found =
        files_->AfterCrash({choices_.Of(kOutcomes), choices_.Below(256)});
    store_.reset();
    files_ = std::move(found);
    Open();
    CheckVersions();
  }

  // Nothing is written outside of the store, or under a name that nobody may give.
  void CheckPlaces() const {
    for (const auto& [path, bytes] : files_->Tree()) {
      Require(path.starts_with(StrCat(kStoreRoot, "/")), path);
      const std::string_view below = std::string_view(path).substr(kStoreRoot.size() + 1);
      Require(below.empty() || below.starts_with(".sta/") || below.starts_with("m/") ||
                  below.starts_with("n/"),
              path);
    }
  }

  // Versions have the bytes that their manifests say, and those that were acknowledged are there.
  void CheckVersions() const {
    const std::shared_ptr<const StoreSnapshot> snapshot = store_->Snapshot();
    for (const VersionInfo& version : snapshot->versions) {
      const absl::StatusOr<VerifyReport> report = store_->Verify(version.name, version.version);
      Require(report.status(), "verify");
      Require(report->error.empty(), report->error);
    }
    for (const auto& [name, number] : acknowledged_) {
      if (deleted_.contains({name, number})) continue;
      Require(snapshot->Find(name, number) != nullptr, StrCat("lost ", name, " ", number));
    }
  }

  const std::array<std::string, 3> manifests_;
  Choices choices_;
  FakeClock clock_;
  std::unique_ptr<SimulatedFileSystem> files_;
  std::unique_ptr<VersionStore> store_;
  std::set<std::pair<std::string, int64_t>> acknowledged_;
  std::set<std::pair<std::string, int64_t>> deleted_;  // or tried to
  std::set<std::pair<std::string, int64_t>> gone_;     // for certain
};

}  // namespace
}  // namespace sta

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(input.find('\n'), input.size());
  sta::UploadFuzzer(input.substr(0, line), input.substr(std::min(line + 1, input.size()))).Run();
  return 0;
}
