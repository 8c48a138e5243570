// SPDX-License-Identifier: Apache-2.0
#include "accel/rtl/dv/coverage_file.h"

#include <unistd.h>
#include <verilated_cov.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string_view>

namespace sta::rtl {

constexpr const char* kFirstLine = "# SystemC::Coverage-3\n";
constexpr int kSuffixLength = 4;
// A field of the keys: the body of a process or function, not of a branch.
constexpr std::string_view kUnconditional = "\1o\2block\1";

CoverageFile& CoverageFile::OfProcess() {
  static CoverageFile file;
  return file;
}

CoverageFile::CoverageFile() {
  const char* folder = std::getenv("STA_RTL_COVERAGE_DIR");
  if (folder == nullptr) return;
  path_ = std::string(folder) + "/XXXXXX.dat";
  const int descriptor = mkstemps(path_.data(), kSuffixLength);
  if (descriptor < 0) {
    std::perror(path_.c_str());
    std::exit(EXIT_FAILURE);
  }
  close(descriptor);
}

void CoverageFile::Begin(VerilatedContext& context) {
  AddWhere(context, [](std::string_view key) { return key.find(kUnconditional) != key.npos; });
  context.coveragep()->zero();
}

void CoverageFile::Add(VerilatedContext& context) {
  AddWhere(context, [](std::string_view) { return true; });
}

void CoverageFile::AddWhere(VerilatedContext& context,
                            const std::function<bool(std::string_view)>& counts) {
  if (path_.empty()) return;
  context.coveragep()->write(path_.c_str());
  std::ifstream file(path_);
  // C 'key' count
  for (std::string line; std::getline(file, line);) {
    const size_t end = line.rfind('\'');
    if (!line.starts_with("C '") || end == std::string::npos) continue;
    const std::string key = line.substr(0, end + 1);
    if (counts(key)) counts_[key] += std::stoull(line.substr(end + 1));
  }
}

CoverageFile::~CoverageFile() {
  if (path_.empty()) return;
  std::ofstream file(path_, std::ios::trunc);
  file << kFirstLine;
  for (const auto& [key, count] : counts_) file << key << ' ' << count << '\n';
  file.close();
  if (!file) std::perror(path_.c_str());
}

}  // namespace sta::rtl
