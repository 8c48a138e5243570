// SPDX-License-Identifier: Apache-2.0
#include "accel/xrt/xrt_plugin.h"

#include <dlfcn.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "accel/xrt/plugin_entry.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

constexpr char kLibraryName[] = "libsta_xrt.so";

absl::StatusOr<std::string> FindLibrary(const std::string& path) {
  std::error_code error;
  if (!path.empty()) {
    if (std::filesystem::exists(path, error)) return path;
    return absl::NotFoundError(StrCat("there is no ", path));
  }
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::filesystem::path folder = program.parent_path();
  const std::array candidates = {folder / kLibraryName,
                                 folder.parent_path() / "lib" / "sta" / kLibraryName};
  for (const std::filesystem::path& candidate : candidates) {
    if (std::filesystem::exists(candidate, error)) return candidate.string();
  }
  return absl::NotFoundError(
      StrCat("there is no ", candidates[0].string(), " and no ", candidates[1].string()));
}

absl::Status LoadError(const std::string& path) {
  return absl::UnavailableError(StrCat("cannot load ", path, ": ", dlerror()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<XrtPlugin>> LoadXrtPlugin(const XrtPluginOptions& options) {
  const absl::StatusOr<std::string> path = FindLibrary(options.library_path);
  if (!path.ok()) return path.status();
  // Never closed: XRT keeps state of its own until the process ends.
  void* const library = dlopen(path->c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return LoadError(*path);
  void* const entry = dlsym(library, kXrtPluginEntryName);
  if (entry == nullptr) return LoadError(*path);
  absl::StatusOr<std::unique_ptr<XrtPlugin>> plugin = absl::UnavailableError("not opened");
  reinterpret_cast<XrtPluginEntry*>(entry)(options.shim_path, plugin);
  return plugin;
}

}  // namespace sta
