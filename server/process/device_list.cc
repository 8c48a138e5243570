// SPDX-License-Identifier: Apache-2.0
#include "server/process/device_list.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "accel/emulator/emulator_device.h"
#include "accel/xrt/xrt_plugin.h"
#include "server/observability/logging.h"
#include "strings/str_cat.h"

namespace sta {
namespace {

using Devices = std::vector<std::unique_ptr<Device>>;

// A line for all cards that are not used for the same reason: a missing xclbin, say.
class UnusedCards {
 public:
  void Add(const XrtCardInfo& card, const absl::Status& status) {
    const std::string reason(status.message());
    auto group = std::ranges::find(groups_, reason, &Group::reason);
    if (group == groups_.end()) group = groups_.insert(groups_.end(), {.reason = reason});
    const std::string_view comma = group->devices.empty() ? "" : ", ";
    StrAppend(&group->devices, comma, "xrt:", card.index);
    StrAppend(&group->bdfs, comma, card.bdf);
  }

  void Log() const {
    for (const Group& group : groups_) {
      LogWarning("card not used",
                 {{"device", group.devices}, {"bdf", group.bdfs}, {"reason", group.reason}});
    }
  }

 private:
  struct Group {
    std::string devices;
    std::string bdfs;
    std::string reason;
  };
  std::vector<Group> groups_;
};

class DeviceOpener {
 public:
  explicit DeviceOpener(const Settings& settings)
      : settings_(settings),
        processors_(std::max(1, static_cast<int>(std::thread::hardware_concurrency()))) {}

  // `sharers`: emulators that share the processors where `threads` is 0.
  void AddEmulator(int threads, int sharers) {
    const int index = emulators_++;
    devices_.push_back(
        MakeEmulatorDevice({.name = index == 0 ? "emulator" : StrCat("emulator:", index),
                            .threads = threads > 0 ? threads : std::max(1, processors_ / sharers),
                            .pin_threads = settings_.pin_threads,
                            .max_tokens = settings_.max_batch_tokens}));
  }

  absl::Status AddCard(int index) {
    if (absl::Status loaded = LoadPlugin(); !loaded.ok()) return loaded;
    absl::StatusOr<std::unique_ptr<Device>> card =
        plugin_->OpenCard({.index = index,
                           .xclbin_path = settings_.xclbin,
                           .card_timeout = settings_.card_timeout,
                           .max_tokens = settings_.max_batch_tokens});
    if (!card.ok()) return card.status();
    devices_.push_back(*std::move(card));
    return absl::OkStatus();
  }

  // All cards that can be used; why there are none, or one cannot be used, goes to the log.
  void AddEveryCard() {
    if (absl::Status loaded = LoadPlugin(); !loaded.ok()) {
      LogInfo("no cards", {{"reason", std::string(loaded.message())}});
      return;
    }
    const absl::StatusOr<std::vector<XrtCardInfo>> cards = plugin_->EnumerateCards();
    if (!cards.ok() || cards->empty()) {
      LogInfo("no cards",
              {{"reason", cards.ok() ? "XRT shows none" : std::string(cards.status().message())}});
      return;
    }
    UnusedCards unused;
    for (const XrtCardInfo& card : *cards) {
      if (absl::Status added = AddCard(card.index); !added.ok()) unused.Add(card, added);
    }
    unused.Log();
  }

  Devices Take() { return std::move(devices_); }

 private:
  absl::Status LoadPlugin() {
    if (plugin_ != nullptr) return absl::OkStatus();
    absl::StatusOr<std::unique_ptr<XrtPlugin>> plugin =
        LoadXrtPlugin({.shim_path = settings_.xrt_shim});
    if (!plugin.ok()) return plugin.status();
    plugin_ = *std::move(plugin);
    return absl::OkStatus();
  }

  const Settings& settings_;
  const int processors_;
  int emulators_ = 0;
  std::unique_ptr<XrtPlugin> plugin_;
  Devices devices_;
};

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Device>>> OpenDevices(const Settings& settings) {
  DeviceOpener opener(settings);
  const auto sharers =
      static_cast<int>(std::ranges::count_if(settings.devices, [](const DeviceSetting& device) {
        return device.kind == "emulator" && device.threads == 0;
      }));
  for (const DeviceSetting& device : settings.devices) {
    if (device.kind == "auto") {
      opener.AddEveryCard();
      opener.AddEmulator(0, 1);
    } else if (device.kind == "emulator") {
      opener.AddEmulator(device.threads, sharers);
    } else if (absl::Status added = opener.AddCard(device.index); !added.ok()) {
      return absl::Status(added.code(),
                          AbslView(StrCat("device 'xrt:", device.index, "': ", added.message())));
    }
  }
  return opener.Take();
}

}  // namespace sta
