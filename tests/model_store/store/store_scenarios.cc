// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <vector>

#include "model_store/store/retention.h"
#include "strings/str_cat.h"
#include "tests/model_store/store/store_script.h"

namespace sta {
namespace {

using Steps = std::vector<Step>;

void NoPromise(Promises&) {}

Step OpenStore() {
  return {"open", [](StoreDriver& driver) { return driver.Open(); }, NoPromise};
}

Step Start(const TestPackage& package) {
  return {StrCat("start ", package.name, " ", package.version),
          [=](StoreDriver& driver) { return driver.Start(package).status(); },
          [=](Promises& promises) {
            promises.uploads[package.name] = {package, {}};
          }};
}

// The first `parts` of four of every file, synced.
Step SendAndSync(const TestPackage& package, int parts) {
  return {StrCat("send ", package.name, " ", package.version),
          [=](StoreDriver& driver) {
            absl::Status status = driver.Send(package, parts);
            return status.ok() ? driver.Sync(package) : status;
          },
          [=](Promises& promises) {
            Promises::Upload& upload = promises.uploads[package.name];
            upload.package = package;
            for (const auto& [file, bytes] : package.files) {
              upload.durable_bytes[file] = static_cast<int64_t>(bytes.size()) * parts / 4;
            }
          }};
}

Step Finish(const TestPackage& package) {
  return {StrCat("finish ", package.name, " ", package.version),
          [=](StoreDriver& driver) { return driver.Finish(package); },
          [=](Promises& promises) {
            promises.uploads.erase(package.name);
            promises.contents.versions[{package.name, package.version}] = {package.files};
            int64_t& last = promises.last_version[package.name];
            last = std::max(last, package.version);
          }};
}

Step Abort(const TestPackage& package) {
  return {StrCat("abort ", package.name, " ", package.version),
          [=](StoreDriver& driver) {
            const absl::StatusOr<StartedUpload> started = driver.Start(package);
            if (!started.ok()) return started.status();
            return driver.store().AbortUpload(started->upload->id);
          },
          [=](Promises& promises) { promises.uploads.erase(package.name); }};
}

Step SetAlias(std::string name, std::string alias, int64_t version) {
  return {StrCat("alias ", alias, " to ", version),
          [=](StoreDriver& driver) {
            return driver.store().SetAlias(name, alias, version, std::nullopt).status();
          },
          [=](Promises& promises) {
            AliasInfo& info = promises.contents.aliases[{name, alias}];
            info = {.version = version, .previous = info.version};
          }};
}

Step RollBack(std::string name, std::string alias, int64_t expected) {
  return {StrCat("roll back ", alias),
          [=](StoreDriver& driver) {
            return driver.store().RollBackAlias(name, alias, expected).status();
          },
          [=](Promises& promises) {
            AliasInfo& info = promises.contents.aliases[{name, alias}];
            std::swap(info.version, info.previous);
          }};
}

Step DeleteAlias(std::string name, std::string alias) {
  return {StrCat("delete alias ", alias),
          [=](StoreDriver& driver) { return driver.store().DeleteAlias(name, alias); },
          [=](Promises& promises) {
            promises.contents.aliases.erase({name, alias});
          }};
}

Step DeleteVersion(std::string name, int64_t version) {
  return {StrCat("delete ", name, " ", version),
          [=](StoreDriver& driver) {
            const absl::Status deleted = driver.store().DeleteVersion(name, version, true);
            // Of a deletion that failed when it was done, housekeeping makes sure.
            return absl::IsNotFound(deleted) ? driver.store().CollectGarbage() : deleted;
          },
          [=](Promises& promises) {
            promises.contents.versions.erase({name, version});
            std::erase_if(promises.contents.aliases, [&](const auto& alias) {
              return alias.first.first == name && alias.second.version == version;
            });
          }};
}

Step KeepNewest(std::string name, int64_t victim) {
  return {"retention",
          [](StoreDriver& driver) {
            // First, as a deletion that failed when it was done is housekeeping's.
            absl::Status status = driver.store().CollectGarbage();
            const auto victims = ChooseRetentionVictims(*driver.store().Snapshot(), 1);
            for (const RetentionVictim& old : victims) {
              status.Update(driver.store().DeleteVersion(old.name, old.version, false));
            }
            return status;
          },
          [=](Promises& promises) {
            promises.contents.versions.erase({name, victim});
          }};
}

Step Collect() {
  return {"collect garbage", [](StoreDriver& driver) { return driver.store().CollectGarbage(); },
          NoPromise};
}

Step CollectExpired() {
  return {"collect expired uploads",
          [](StoreDriver& driver) {
            driver.clock().Advance(absl::Hours(25));
            return driver.store().CollectGarbage();
          },
          [](Promises& promises) { promises.uploads.clear(); }};
}

Step Rescan() {
  return {"rescan", [](StoreDriver& driver) { return driver.store().Rescan(); }, NoPromise};
}

// Puts a version there as rsync would.
Step PutByOtherMeans(const TestPackage& package) {
  return {StrCat("put ", package.name, " ", package.version),
          [=](StoreDriver& driver) {
            const std::string directory =
                StrCat(kStoreRoot, "/", package.name, "/", package.version, "/");
            for (const auto& [file, bytes] : package.files) {
              driver.files().PutFile(directory + file, bytes);
            }
            driver.files().PutFile(directory + "manifest.json", ManifestOf(package.files));
            return absl::OkStatus();
          },
          [=](Promises& promises) {
            promises.contents.versions[{package.name, package.version}] = {package.files, false};
            promises.last_version[package.name] = package.version;
          }};
}

std::vector<Scenario> MakeScenarios() {
  // Two versions that share all but the weights.
  const TestPackage one = {"minilm", 1, FilesOfPackage('a')};
  const TestPackage two = {"minilm", 2, FilesOfPackage('b')};
  const TestPackage three = {"minilm", 3, FilesOfPackage('c')};
  const TestPackage other = {"bert", 1, FilesOfPackage('d')};
  const Steps uploaded = {OpenStore(), Finish(one), Finish(two)};
  const auto after = [](Steps steps, const Steps& more) {
    steps.insert(steps.end(), more.begin(), more.end());
    return steps;
  };
  const auto no_links = [](SimulatedFileSystem& files) { files.SetHardLinks(false); };
  const auto plain = [](SimulatedFileSystem&) {};

  return {
      {"OpenAnEmptyDirectory", plain, {}, {OpenStore(), Rescan(), OpenStore()}},
      {"OpenAPlainStore", plain, {PutByOtherMeans(one), PutByOtherMeans(other)}, {OpenStore()}},
      {"Upload", plain, {}, {OpenStore(), Start(one), Finish(one)}},
      {"UploadWhatSharesFiles", plain, {OpenStore(), Finish(one)}, {OpenStore(), Finish(two)}},
      {"ResumeAnUpload",
       plain,
       {OpenStore(), Finish(one)},
       {OpenStore(), SendAndSync(two, 1), SendAndSync(two, 3), OpenStore(), Finish(two)}},
      {"UploadSideBySide",
       plain,
       {OpenStore()},
       {OpenStore(), Start(one), SendAndSync(other, 2), SendAndSync(one, 2), Finish(other),
        Finish(one)}},
      {"UploadWithoutHardLinks",
       no_links,
       {OpenStore(), Finish(one)},
       {OpenStore(), Finish(two), DeleteVersion("minilm", 1)}},
      {"AbortAnUpload",
       plain,
       {OpenStore(), Finish(one)},
       {OpenStore(), SendAndSync(two, 2), Abort(two), Finish(other)}},
      {"Alias",
       plain,
       uploaded,
       {OpenStore(), SetAlias("minilm", "prod", 1), SetAlias("minilm", "prod", 2),
        SetAlias("minilm", "next", 1), RollBack("minilm", "prod", 2),
        DeleteAlias("minilm", "next")}},
      {"Delete",
       plain,
       after(uploaded, {SetAlias("minilm", "prod", 1)}),
       {OpenStore(), DeleteVersion("minilm", 1), DeleteVersion("minilm", 2)}},
      {"DeleteWhatCameByOtherMeans",
       plain,
       {PutByOtherMeans(one), PutByOtherMeans(other)},
       {OpenStore(), DeleteVersion("minilm", 1), Rescan()}},
      {"DeleteAndUploadAgain",
       plain,
       uploaded,
       {OpenStore(), DeleteVersion("minilm", 2), Finish(three)}},
      {"Retention", plain, uploaded, {OpenStore(), Finish(other), KeepNewest("minilm", 1)}},
      {"CollectGarbage",
       plain,
       after(uploaded, {SendAndSync(three, 4), DeleteVersion("minilm", 2)}),
       {OpenStore(), Collect(), CollectExpired(), Collect()}},
  };
}

}  // namespace

const std::vector<Scenario>& StoreScenarios() {
  static const auto* const scenarios = new std::vector<Scenario>(MakeScenarios());
  return *scenarios;
}

}  // namespace sta
