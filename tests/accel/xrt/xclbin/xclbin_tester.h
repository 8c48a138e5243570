// SPDX-License-Identifier: Apache-2.0
//
// A good xclbin, and damage to it.
#ifndef TESTS_ACCEL_XRT_XCLBIN_XCLBIN_TESTER_H_
#define TESTS_ACCEL_XRT_XCLBIN_XCLBIN_TESTER_H_

#include <cstdint>
#include <cstring>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "accel/xrt/xclbin/xclbin.h"
#include "accel/xrt/xclbin/xclbin_format.h"

namespace sta {

inline std::vector<uint8_t> GoodXclbin() { return MakeStaXclbin({}).value(); }

// Lets `edit` change the header that the file begins with.
inline std::vector<uint8_t> WithHeader(
    std::vector<uint8_t> file, const std::function<void(xclbin_format::FileHeader&)>& edit) {
  xclbin_format::FileHeader header;
  std::memcpy(&header, file.data(), sizeof(header));
  edit(header);
  std::memcpy(file.data(), &header, sizeof(header));
  return file;
}

// Lets `edit` change the header of the section of a kind, and the bytes of the file.
inline std::vector<uint8_t> WithSection(
    std::vector<uint8_t> file, xclbin_format::SectionKind kind,
    const std::function<void(xclbin_format::SectionHeader&, std::vector<uint8_t>&)>& edit) {
  xclbin_format::SectionHeader section;
  for (size_t at = sizeof(xclbin_format::FileHeader); at + sizeof(section) <= file.size();
       at += sizeof(section)) {
    std::memcpy(&section, &file[at], sizeof(section));
    if (section.kind != kind) continue;
    edit(section, file);
    std::memcpy(&file[at], &section, sizeof(section));
    return file;
  }
  throw std::runtime_error("the file has no such section");
}

// With other bytes in the section of a kind, put at the end of the file.
inline std::vector<uint8_t> WithSectionText(std::vector<uint8_t> file,
                                            xclbin_format::SectionKind kind,
                                            const std::string& text) {
  file = WithSection(std::move(file), kind,
                     [&](xclbin_format::SectionHeader& section, std::vector<uint8_t>& bytes) {
                       section.offset = bytes.size();
                       section.size = text.size();
                       bytes.insert(bytes.end(), text.begin(), text.end());
                     });
  const size_t length = file.size();
  return WithHeader(std::move(file),
                    [&](xclbin_format::FileHeader& header) { header.length = length; });
}

// The bytes of the section of a kind.
inline std::string SectionText(const std::vector<uint8_t>& file, xclbin_format::SectionKind kind) {
  std::string text;
  WithSection(file, kind, [&](xclbin_format::SectionHeader& section, std::vector<uint8_t>& bytes) {
    text.assign(reinterpret_cast<const char*>(bytes.data()) + section.offset, section.size);
  });
  return text;
}

}  // namespace sta

#endif  // TESTS_ACCEL_XRT_XCLBIN_XCLBIN_TESTER_H_
