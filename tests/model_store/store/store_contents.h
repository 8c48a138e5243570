// SPDX-License-Identifier: Apache-2.0
//
// StoreContents: what a store should hold, and what one holds, for tests that compare the two on a
// simulated disk. The store lies at kStoreRoot.
#ifndef TESTS_MODEL_STORE_STORE_STORE_CONTENTS_H_
#define TESTS_MODEL_STORE_STORE_STORE_CONTENTS_H_

#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "model_store/store/store_snapshot.h"
#include "model_store/store/version_store.h"
#include "tests/support/simulated_file_system.h"

namespace sta {

inline constexpr std::string_view kStoreRoot = "/store";

// By name, without manifest.json.
using PackageFiles = std::map<std::string, std::string>;

// Of a package that shares all but its weights with others. Sound for a store without a checker.
PackageFiles FilesOfPackage(char weights);
// manifest.json of a package of these files.
std::string ManifestOf(const PackageFiles& files);

struct StoreContents {
  struct Version {
    PackageFiles files;
    bool uploaded = true;

    friend bool operator==(const Version&, const Version&) = default;
  };

  std::map<std::pair<std::string, int64_t>, Version> versions;       // by name and number
  std::map<std::pair<std::string, std::string>, AliasInfo> aliases;  // by name and alias

  // In one line: versions, with the sizes of their files, and aliases.
  friend std::ostream& operator<<(std::ostream& out, const StoreContents& contents);
  friend bool operator==(const StoreContents&, const StoreContents&) = default;
};

// What the store says that it holds, with the bytes that are on the disk. A version whose files
// are not those of its manifest has one file that says so.
StoreContents ContentsOf(const VersionStore& store, const SimulatedFileSystem& files);

// Empty where the disk holds exactly what a store of these contents without open uploads does, as
// docs/store-format.md describes it; else what is too much or missing.
std::set<std::string> WrongPaths(const SimulatedFileSystem& files, const StoreContents& contents);

}  // namespace sta

#endif  // TESTS_MODEL_STORE_STORE_STORE_CONTENTS_H_
