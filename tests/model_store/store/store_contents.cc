// SPDX-License-Identifier: Apache-2.0
#include "tests/model_store/store/store_contents.h"

#include "model_store/package/manifest.h"
#include "model_store/package/sha256.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Tree = std::map<std::string, std::string>;

// Tests look at the same few files again and again.
const std::string& HashOf(const std::string& bytes) {
  static auto* const hashes = new std::map<std::string, std::string>();
  std::string& hash = (*hashes)[bytes];
  if (hash.empty()) hash = Sha256Hex(bytes);
  return hash;
}

const Manifest* ParsedManifest(const std::string& text) {
  static auto* const manifests = new std::map<std::string, absl::StatusOr<Manifest>>();
  const auto known = manifests->find(text);
  const auto& manifest =
      known != manifests->end() ? known->second : (*manifests)[text] = ParseManifest(text);
  return manifest.ok() ? &*manifest : nullptr;
}

// Whether `files` are what `manifest` lists.
bool Match(const std::string& manifest, const PackageFiles& files) {
  const Manifest* const listed = ParsedManifest(manifest);
  if (listed == nullptr || listed->files.size() != files.size()) return false;
  for (const auto& [name, entry] : listed->files) {
    const auto file = files.find(name);
    if (file == files.end() || HashOf(file->second) != entry.sha256) return false;
  }
  return true;
}

PackageFiles FilesAt(const Tree& tree, const std::string& directory) {
  PackageFiles files;
  for (auto entry = tree.upper_bound(directory);
       entry != tree.end() && entry->first.starts_with(directory); ++entry) {
    files[entry->first.substr(directory.size())] = entry->second;
  }
  const std::string manifest = files[std::string(kManifestFile)];
  files.erase(std::string(kManifestFile));
  if (!Match(manifest, files)) return {{"these are not the manifest's files", manifest}};
  return files;
}

}  // namespace

PackageFiles FilesOfPackage(char weights) {
  return {{"config.json", "{\"dimension\": 4}"},
          {"embeddings.safetensors", std::string(30, 'e')},
          {"empty.txt", ""},
          {"encoder.safetensors", std::string(40, weights)},
          {"vocab.txt", "one two three four"}};
}

std::string ManifestOf(const PackageFiles& files) {
  Manifest manifest;
  for (const auto& [name, bytes] : files) {
    manifest.files[name] = {.size_bytes = static_cast<int64_t>(bytes.size()),
                            .sha256 = HashOf(bytes)};
  }
  return *FormatManifest(manifest);
}

std::ostream& operator<<(std::ostream& out, const StoreContents& contents) {
  for (const auto& [key, version] : contents.versions) {
    out << key.first << "/" << key.second << (version.uploaded ? "" : " (by other means)") << " {";
    for (const auto& [name, bytes] : version.files) out << name << ":" << bytes.size() << " ";
    out << "} ";
  }
  for (const auto& [key, alias] : contents.aliases) {
    out << key.first << "@" << key.second << "=" << alias.version << " (" << alias.previous << ") ";
  }
  return out;
}

StoreContents ContentsOf(const VersionStore& store, const SimulatedFileSystem& files) {
  const Tree tree = files.Tree();
  const std::shared_ptr<const StoreSnapshot> snapshot = store.Snapshot();
  StoreContents contents;
  for (const VersionInfo& version : snapshot->versions) {
    contents.versions[{version.name, version.version}] = {
        .files = FilesAt(tree, StrCat(version.path.string(), "/")), .uploaded = version.uploaded};
  }
  for (const auto& [name, aliases] : snapshot->aliases) {
    for (const auto& [alias, info] : aliases) contents.aliases[{name, alias}] = info;
  }
  return contents;
}

std::set<std::string> WrongPaths(const SimulatedFileSystem& files, const StoreContents& contents) {
  const std::string sta = StrCat(kStoreRoot, "/.sta/");
  std::set<std::string> wanted = {StrCat(kStoreRoot, "/"), sta,
                                  sta + "format",          sta + "lock",
                                  sta + "blobs/",          sta + "models/",
                                  sta + "uploads/",        sta + "staging/",
                                  sta + "trash/"};
  const bool has_blobs = files.has_hard_links();  // else nothing is shared
  for (const auto& [key, version] : contents.versions) {
    const std::string model = StrCat(kStoreRoot, "/", key.first, "/");
    const std::string directory = StrCat(model, key.second, "/");
    wanted.insert({model, directory, StrCat(directory, kManifestFile)});
    for (const auto& [name, bytes] : version.files) {
      wanted.insert(directory + name);
      const std::string& sha256 = HashOf(bytes);
      if (has_blobs && version.uploaded)
        wanted.insert(StrCat(sta, "blobs/", sha256.substr(0, 2), "/", sha256));
    }
  }
  std::set<std::string> wrong;
  const Tree tree = files.Tree();
  for (const std::string& path : wanted) {
    if (!tree.contains(path)) wrong.insert(StrCat("missing: ", path));
  }
  for (const auto& [path, bytes] : tree) {
    // Empty folders of blobs and of models stay, and so do the records of models.
    const bool stays = path.starts_with(sta + "blobs/") || !path.starts_with(sta)
                           ? path.ends_with('/')
                           : path.starts_with(sta + "models/") && path.ends_with(".json");
    if (!wanted.contains(path) && !stays) wrong.insert(StrCat("garbage: ", path));
  }
  return wrong;
}

}  // namespace sta
