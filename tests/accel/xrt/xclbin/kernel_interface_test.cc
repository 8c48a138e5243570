// SPDX-License-Identifier: Apache-2.0
//
// The kernel's interface is told in two places; here they are compared.
#include "accel/xrt/xclbin/kernel_interface.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <string>

namespace sta {
namespace {

using kernel_interface::kArguments;

class KernelXmlTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(document_.load_file(STA_TEST_DATA_DIR "/../accel/rtl/packaging/kernel.xml"));
    kernel_ = document_.child("root").child("kernel");
  }

  static unsigned long long Number(const pugi::xml_node& node, const char* attribute) {
    return std::stoull(node.attribute(attribute).value(), nullptr, 0);
  }

  static void ExpectPort(const pugi::xml_node& node, const kernel_interface::Port& port) {
    EXPECT_EQ(node.attribute("name").value(), port.name);
    EXPECT_STREQ(node.attribute("mode").value(), port.is_master ? "master" : "slave");
    EXPECT_EQ(Number(node, "range"), port.range);
    EXPECT_EQ(Number(node, "dataWidth"), port.data_bits);
  }

  pugi::xml_document document_;
  pugi::xml_node kernel_;
};

TEST_F(KernelXmlTest, HasTheKernelAndItsPorts) {
  EXPECT_EQ(kernel_.attribute("name").value(), kernel_interface::kName);
  EXPECT_STREQ(kernel_.attribute("hwControlProtocol").value(), "ap_ctrl_hs");
  const pugi::xml_node ports = kernel_.child("ports");
  ExpectPort(ports.first_child(), kernel_interface::kControlPort);
  ExpectPort(ports.last_child(), kernel_interface::kMemoryPort);
  EXPECT_EQ(ports.first_child().next_sibling(), ports.last_child());
}

TEST_F(KernelXmlTest, HasTheSameArguments) {
  size_t index = 0;
  for (const pugi::xml_node& node : kernel_.child("args").children()) {
    ASSERT_LT(index, kArguments.size());
    const kernel_interface::Argument& argument = kArguments[index];
    EXPECT_EQ(node.attribute("name").value(), argument.name);
    EXPECT_EQ(Number(node, "id"), index);
    EXPECT_EQ(Number(node, "addressQualifier"), argument.is_pointer ? 1 : 0);
    EXPECT_EQ(node.attribute("port").value(), argument.port().name);
    EXPECT_EQ(Number(node, "size"), argument.size_bytes());
    EXPECT_EQ(Number(node, "hostSize"), argument.size_bytes());
    EXPECT_EQ(Number(node, "offset"), argument.offset);
    EXPECT_EQ(node.attribute("type").value(), argument.type());
    ++index;
  }
  EXPECT_EQ(index, kArguments.size());
}

}  // namespace
}  // namespace sta
