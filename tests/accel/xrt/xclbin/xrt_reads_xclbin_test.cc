// SPDX-License-Identifier: Apache-2.0
//
// XRT's own library reads what we write. It needs neither a card nor a shim for that.
#include <experimental/xrt_xclbin.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accel/xrt/xclbin/kernel_interface.h"
#include "accel/xrt/xclbin/xclbin.h"
#include "tests/accel/xrt/xclbin/xclbin_tester.h"
#include "tests/support/status_matchers.h"

namespace sta {
namespace {

class XrtReadsXclbinTest : public testing::Test {
 protected:
  const std::vector<uint8_t> file_ = GoodXclbin();
  const xrt::xclbin xclbin_{std::vector<char>(file_.begin(), file_.end())};
};

TEST_F(XrtReadsXclbinTest, ItsNameAndUuid) {
  STA_ASSERT_OK_AND_ASSIGN(const XclbinContents contents, ReadXclbin(file_));
  EXPECT_EQ(xclbin_.get_uuid().to_string(), UuidText(contents.uuid));
  EXPECT_EQ(xclbin_.get_xsa_name(), "sta_virtual_card");
  EXPECT_EQ(xclbin_.get_target_type(), xrt::xclbin::target_type::hw_emu);
}

TEST_F(XrtReadsXclbinTest, ItsMemory) {
  const std::vector<xrt::xclbin::mem> memories = xclbin_.get_mems();
  ASSERT_EQ(memories.size(), 1);
  EXPECT_EQ(memories[0].get_tag(), "bank0");
  EXPECT_EQ(memories[0].get_base_address(), 0x4000000000);
  EXPECT_EQ(memories[0].get_size_kb(), 1024 * 1024);
  EXPECT_EQ(memories[0].get_type(), xrt::xclbin::mem::memory_type::ddr4);
  EXPECT_TRUE(memories[0].get_used());
}

TEST_F(XrtReadsXclbinTest, ItsKernelAndComputeUnit) {
  const std::vector<xrt::xclbin::kernel> kernels = xclbin_.get_kernels();
  ASSERT_EQ(kernels.size(), 1);
  EXPECT_EQ(kernels[0].get_name(), "sta");
  const std::vector<xrt::xclbin::ip> units = kernels[0].get_cus();
  ASSERT_EQ(units.size(), 1);
  EXPECT_EQ(units[0].get_name(), "sta:sta_1");
  EXPECT_EQ(units[0].get_control_type(), xrt::xclbin::ip::control_type::hs);
  EXPECT_EQ(units[0].get_base_address(), 0x1800000);
  EXPECT_EQ(units[0].get_size(), 0x1000);
}

TEST_F(XrtReadsXclbinTest, ItsArguments) {
  const std::vector<xrt::xclbin::arg> arguments = xclbin_.get_kernel("sta").get_args();
  ASSERT_EQ(arguments.size(), kernel_interface::kArguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    const kernel_interface::Argument& expected = kernel_interface::kArguments[i];
    EXPECT_EQ(arguments[i].get_name(), expected.name);
    EXPECT_EQ(arguments[i].get_index(), i);
    EXPECT_EQ(arguments[i].get_offset(), expected.offset);
    EXPECT_EQ(arguments[i].get_size(), expected.size_bytes());
    EXPECT_EQ(arguments[i].get_port(), expected.port().name);
    EXPECT_EQ(arguments[i].get_host_type(), expected.type());
    EXPECT_EQ(arguments[i].get_mems().size(), expected.is_pointer ? 1 : 0);
  }
}

}  // namespace
}  // namespace sta
