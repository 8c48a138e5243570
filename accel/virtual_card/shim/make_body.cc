// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/make_body.h"

#include <dlfcn.h>

#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "accel/virtual_card/functional_body.h"
#include "accel/virtual_card/idle_body.h"
#include "strings/str_cat.h"

namespace sta::virtual_xrt {
namespace {

constexpr char kVerilatedLibrary[] = "libsta_verilated_card.so";

std::filesystem::path DirectoryOfShim() {
  Dl_info info = {};
  dladdr(reinterpret_cast<const void*>(&DirectoryOfShim), &info);
  return std::filesystem::path(info.dli_fname).parent_path();
}

absl::StatusOr<std::unique_ptr<card::CardBody>> MakeVerilatedBody(const card::CardConfig& config,
                                                                  const card::BoardMemory& memory) {
  const std::string path = DirectoryOfShim() / kVerilatedLibrary;
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    return absl::UnavailableError(StrCat("a card cannot be verilated: ", dlerror()));
  }
  const auto make =
      reinterpret_cast<card::MakeCardBodyFunction*>(dlsym(library, card::kMakeCardBodySymbol));
  if (make == nullptr) {
    return absl::UnavailableError(StrCat(path, " has no ", card::kMakeCardBodySymbol));
  }
  absl::Status failure;
  std::unique_ptr<card::CardBody> body(make(config, memory, failure));
  if (body == nullptr) {
    return absl::InvalidArgumentError(StrCat(path, ": ", StdView(failure.message())));
  }
  return body;
}

}  // namespace

absl::StatusOr<std::unique_ptr<card::CardBody>> MakeBody(BodyKind kind,
                                                         const card::CardConfig& config,
                                                         const card::BoardMemory& memory) {
  if (kind == BodyKind::kVerilated) return MakeVerilatedBody(config, memory);
  if (kind == BodyKind::kNone) return std::make_unique<card::IdleBody>(config, memory);
  return std::make_unique<card::FunctionalBody>(config, memory);
}

}  // namespace sta::virtual_xrt
