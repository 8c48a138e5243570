// SPDX-License-Identifier: Apache-2.0
#include "accel/device_pool/placement.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace sta {
namespace {

// Estimates of zero would be rates without bounds.
constexpr double kLeastSecondsPerToken = 1e-12;

// A device that works off tokens at a constant rate from some time on.
struct Drain {
  double begin = 0;  // seconds from now
  double seconds_per_token = kLeastSecondsPerToken;

  double TokensUntil(double end) const { return std::max(0.0, end - begin) / seconds_per_token; }
};

double Finish(const DeviceView& view) {
  return absl::ToDoubleSeconds(view.free_in + view.estimate);
}

// After its fixed cost: what a batch of another size takes.
Drain MarginalDrain(const DeviceView& view, int64_t batch_tokens) {
  const absl::Duration fixed = std::min(view.fixed_cost, view.estimate);
  const double seconds = absl::ToDoubleSeconds(view.estimate - fixed);
  return {.begin = absl::ToDoubleSeconds(view.free_in + fixed),
          .seconds_per_token =
              std::max(kLeastSecondsPerToken, seconds / static_cast<double>(batch_tokens))};
}

// Batch after batch of this size, each with its fixed cost.
Drain AverageDrain(const DeviceView& view, int64_t batch_tokens) {
  return {.begin = absl::ToDoubleSeconds(view.free_in),
          .seconds_per_token =
              std::max(kLeastSecondsPerToken,
                       absl::ToDoubleSeconds(view.estimate) / static_cast<double>(batch_tokens))};
}

// When the devices together have worked off so many tokens; infinite for no device.
double DrainTime(std::vector<Drain> drains, int64_t tokens) {
  std::ranges::sort(drains, {}, &Drain::begin);
  double rate = 0;
  double offset = 0;  // sum of begin * rate
  double end = INFINITY;
  for (const Drain& drain : drains) {
    if (drain.begin >= end) break;
    rate += 1 / drain.seconds_per_token;
    offset += drain.begin / drain.seconds_per_token;
    end = (static_cast<double>(tokens) + offset) / rate;
  }
  return end;
}

int64_t ClampTokens(double tokens, int64_t limit) {
  if (tokens >= static_cast<double>(limit)) return limit;
  return std::max<int64_t>(1, std::llround(tokens));
}

// What `chosen` takes of all that waits, so that it ends together with the others that have room.
int64_t ShareOf(size_t chosen, std::span<const DeviceView> devices, const OfferedTokens& offered) {
  const Drain own = MarginalDrain(devices[chosen], offered.batch_tokens);
  std::vector<Drain> drains = {own};
  for (size_t i = 0; i < devices.size(); ++i) {
    if (i == chosen || !devices[i].ready || !devices[i].has_room) continue;
    drains.push_back(MarginalDrain(devices[i], offered.batch_tokens));
  }
  // The device that would begin last has the smallest share; without it the others' shares grow.
  std::sort(drains.begin() + 1, drains.end(),
            [](const Drain& a, const Drain& b) { return a.begin < b.begin; });
  const double least = absl::ToDoubleSeconds(kSmallestShare);
  double end = DrainTime(drains, offered.waiting_tokens);
  while (drains.size() > 1 && end - drains.back().begin < least) {
    drains.pop_back();
    end = DrainTime(drains, offered.waiting_tokens);
  }
  return ClampTokens(own.TokensUntil(std::max(end, own.begin + least)), offered.batch_tokens);
}

// What a device that is not the first to finish ends before the others have drained the queues
// without it; nothing where that is not worth it.
std::optional<int64_t> HelpfulTokens(size_t helper, std::span<const DeviceView> devices,
                                     const OfferedTokens& offered) {
  std::vector<Drain> others;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (i != helper && devices[i].ready) {
      others.push_back(AverageDrain(devices[i], offered.batch_tokens));
    }
  }
  const double end = DrainTime(std::move(others), offered.waiting_tokens);
  if (Finish(devices[helper]) <= end) return offered.batch_tokens;
  const Drain own = MarginalDrain(devices[helper], offered.batch_tokens);
  if (end - own.begin < absl::ToDoubleSeconds(kSmallestShare)) return std::nullopt;
  return ClampTokens(own.TokensUntil(end), offered.batch_tokens);
}

}  // namespace

std::optional<size_t> FirstToFinish(std::span<const DeviceView> devices) {
  std::optional<size_t> first;
  for (size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].ready) continue;
    if (!first.has_value() || Finish(devices[i]) < Finish(devices[*first])) first = i;
  }
  return first;
}

std::optional<Outlook> LookAhead(std::span<const DeviceView> devices, int64_t batch_tokens,
                                 int64_t tokens_before, bool is_divisible) {
  const std::optional<size_t> first = FirstToFinish(devices);
  if (!first.has_value()) return std::nullopt;
  std::vector<Drain> drains;
  for (const DeviceView& view : devices) {
    if (view.ready) drains.push_back(MarginalDrain(view, batch_tokens));
  }
  absl::Duration begin = devices[*first].free_in;
  if (tokens_before > 0) {
    begin = std::max(begin, absl::Seconds(DrainTime(drains, tokens_before)));
  }
  absl::Duration end = begin + devices[*first].estimate;
  if (is_divisible && drains.size() > 1) {
    end = std::min(end, absl::Seconds(DrainTime(drains, tokens_before + batch_tokens)));
  }
  return Outlook{.begin = begin, .end = std::max(begin, end)};
}

std::optional<Placement> Place(std::span<const DeviceView> devices, const OfferedTokens& offered) {
  const std::optional<size_t> first = FirstToFinish(devices);
  if (!first.has_value()) return std::nullopt;
  if (devices[*first].has_room) {
    return Placement{.device = *first, .token_budget = ShareOf(*first, devices, offered)};
  }
  std::vector<DeviceView> with_room(devices.begin(), devices.end());
  for (DeviceView& view : with_room) view.ready = view.ready && view.has_room;
  while (const std::optional<size_t> helper = FirstToFinish(with_room)) {
    if (const auto tokens = HelpfulTokens(*helper, devices, offered)) {
      return Placement{.device = *helper, .token_budget = *tokens};
    }
    with_room[*helper].ready = false;
  }
  return std::nullopt;
}

}  // namespace sta
