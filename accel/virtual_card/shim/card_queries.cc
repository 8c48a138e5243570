// SPDX-License-Identifier: Apache-2.0
#include "accel/virtual_card/shim/card_queries.h"

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "accel/virtual_card/shim/virtual_device.h"

namespace sta::virtual_xrt {
namespace {

// Keys and result types as XRT 202210.2.13.466 numbers and casts them.
enum QueryKey : int {
  kPcieBdf = 8,
  kName = 12,
  kMemoryToMemory = 60,
  kNoDma = 62,
  kClocksMhz = 64,
  kTemperatureFpga = 76,
  kOffline = 151,
};

constexpr char kCardName[] = "sta_virtual_card";
// What the kernel of our xclbins is built for.
constexpr char kClockMhz[] = "300";
constexpr uint64_t kTemperatureCelsius = 45;

using Answer = boost::any (*)(const VirtualDevice& device);

class CardRequest final : public xrt_core::query::request {
 public:
  explicit CardRequest(Answer answer) : answer_(answer) {}

  using xrt_core::query::request::get;
  boost::any get(const xrt_core::device* device) const override {
    return answer_(*static_cast<const VirtualDevice*>(device));
  }

 private:
  const Answer answer_;
};

boost::any BdfOf(const VirtualDevice& device) {
  const auto bus = static_cast<uint16_t>(device.index() + 1);
  return std::tuple<uint16_t, uint16_t, uint16_t, uint16_t>(0, bus, 0, 0);
}

}  // namespace

const xrt_core::query::request& CardQuery(xrt_core::query::key_type key) {
  static const auto& requests = *new std::map<int, CardRequest>{
      {kPcieBdf, CardRequest(BdfOf)},
      {kName, CardRequest([](const VirtualDevice&) { return boost::any(std::string(kCardName)); })},
      {kMemoryToMemory, CardRequest([](const VirtualDevice&) { return boost::any(uint32_t{0}); })},
      {kNoDma, CardRequest([](const VirtualDevice&) { return boost::any(uint32_t{0}); })},
      {kClocksMhz, CardRequest([](const VirtualDevice&) {
         return boost::any(std::vector<std::string>{kClockMhz, kClockMhz});
       })},
      {kTemperatureFpga,
       CardRequest([](const VirtualDevice&) { return boost::any(kTemperatureCelsius); })},
      {kOffline, CardRequest([](const VirtualDevice& device) {
         return boost::any(!device.session().Check().ok());
       })},
  };
  const auto request = requests.find(static_cast<int>(key));
  if (request == requests.end()) throw xrt_core::query::no_such_key(key);
  return request->second;
}

}  // namespace sta::virtual_xrt
