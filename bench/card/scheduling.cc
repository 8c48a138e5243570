// SPDX-License-Identifier: Apache-2.0
//
// How well work is spread over cards: several of one speed, several of unequal speed, and cards
// with an emulator beside them. The cards are virtual ones that wait where others would compute, so
// that the machine's processors do not decide; the way to them is the real one.
//
//   build/dev/server/card_scheduling                 # about five minutes; --json for programs
//
// Fails where a ratio is below its bound.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "bench/card/scheduling_rig.h"
#include "bench/card/tool.h"
#include "client/console/json_text.h"
#include "client/console/table.h"
#include "server/observability/logging.h"

namespace sta::bench {
namespace {

using client::Align;
using client::FormatFixed;
using client::WithThousands;

// Cards 0 to 3 are alike; 4 and 5 are twice and four times as fast; 6 is slow.
const std::vector<double> kMilliseconds = {20, 20, 20, 20, 10, 5, 200};

struct Case {
  const char* name;
  DeviceMix mix;
  bool is_served = false;
};

const std::vector<Case>& Cases() {
  static const auto& cases = *new std::vector<Case>{
      {"1 card", {.cards = {0}}},
      {"2 cards", {.cards = {0, 1}}},
      {"4 cards", {.cards = {0, 1, 2, 3}}},
      {"1 card of 2x", {.cards = {4}}},
      {"1 card of 4x", {.cards = {5}}},
      {"cards of 1x, 2x, 4x", {.cards = {0, 4, 5}}},
      {"emulator", {.emulator = true}},
      {"4 cards, emulator", {.cards = {0, 1, 2, 3}, .emulator = true}},
      {"card of 4x, card of 0.025x", {.cards = {5, 6}}},
      {"1 card, gRPC", {.cards = {0}}, true},
      {"4 cards, gRPC", {.cards = {0, 1, 2, 3}}, true},
      {"4 cards, emulator, gRPC", {.cards = {0, 1, 2, 3}, .emulator = true}, true},
  };
  return cases;
}

// The rate of a case over the sum of the rates of others.
struct Ratio {
  const char* name;
  const char* of;
  std::vector<const char*> to;
  double bound;
};

// An emulator, or a slow card, may cost nothing: the bound is what repeats differ by. (The
// emulator takes the processors that the way to the cards needs, too.)
constexpr double kNoise = 0.05;

const std::vector<Ratio>& Ratios() {
  static const auto& ratios = *new std::vector<Ratio>{
      {"4 cards / 1 card", "4 cards", {"1 card"}, 3.8},
      {"1x, 2x, 4x / their sum",
       "cards of 1x, 2x, 4x",
       {"1 card", "1 card of 2x", "1 card of 4x"},
       0.9},
      {"4 cards with emulator / without", "4 cards, emulator", {"4 cards"}, 1 - kNoise},
      {"4x with a card of 0.025x / without",
       "card of 4x, card of 0.025x",
       {"1 card of 4x"},
       1 - kNoise},
      {"4 cards / 1 card, gRPC", "4 cards, gRPC", {"1 card, gRPC"}, 3.8},
      {"4 cards with emulator / without, gRPC",
       "4 cards, emulator, gRPC",
       {"4 cards, gRPC"},
       1 - kNoise},
  };
  return ratios;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// By case: the rate of each round.
using Rates = std::map<std::string, std::vector<double>>;

// Of the rounds' ratios: what else the machine does meets both sides of one alike.
double MedianRatio(const Ratio& ratio, const Rates& rates) {
  const std::vector<double>& of = rates.at(ratio.of);
  std::vector<double> ratios;
  for (size_t round = 0; round < of.size(); ++round) {
    double sum = 0;
    for (const char* name : ratio.to) sum += rates.at(name)[round];
    ratios.push_back(of[round] / sum);
  }
  return Median(std::move(ratios));
}

Rates Measure(int rounds, absl::Duration duration) {
  SchedulingRig rig(kMilliseconds);
  Rates rates;
  for (int round = 0; round < rounds; ++round) {
    for (const Case& test : Cases()) {
      rates[test.name].push_back(test.is_served ? rig.ServedRate(test.mix, duration)
                                                : rig.BatcherRate(test.mix, duration));
    }
  }
  return rates;
}

void PrintText(const Rates& rates) {
  client::Table table({{"devices", Align::kLeft},
                       {"tokens/s, median", Align::kRight},
                       {"least", Align::kRight},
                       {"most", Align::kRight}});
  for (const Case& test : Cases()) {
    const std::vector<double>& values = rates.at(test.name);
    const auto [least, most] = std::ranges::minmax(values);
    table.AddRow({test.name, WithThousands(static_cast<int64_t>(Median(values))),
                  WithThousands(static_cast<int64_t>(least)),
                  WithThousands(static_cast<int64_t>(most))});
  }
  std::printf("%s\n", table.ToString().c_str());
  client::Table ratios({{"ratio", Align::kLeft},
                        {"median", Align::kRight},
                        {"at least", Align::kRight},
                        {"", Align::kLeft}});
  for (const Ratio& ratio : Ratios()) {
    const double value = MedianRatio(ratio, rates);
    ratios.AddRow({ratio.name, FormatFixed(value, 3), FormatFixed(ratio.bound, 2),
                   value >= ratio.bound ? "" : "BELOW"});
  }
  std::printf("%s", ratios.ToString().c_str());
}

void PrintJson(const Rates& rates) {
  client::OrderedJson json = {{"machine", MachineName()},
                              {"processors", std::thread::hardware_concurrency()}};
  for (const Case& test : Cases()) json["tokens_per_second"][test.name] = rates.at(test.name);
  for (const Ratio& ratio : Ratios()) {
    json["ratios"][ratio.name] = {{"median", MedianRatio(ratio, rates)}, {"bound", ratio.bound}};
  }
  std::printf("%s\n", client::IndentedJson(json).c_str());
}

int Main(int argc, char** argv) {
  CLI::App app("Measures how batches are spread over cards.");
  int rounds = 5;
  double seconds = 4;
  bool as_json = false;
  app.add_option("--rounds", rounds, "Of all cases, interleaved")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--seconds", seconds, "Of each case")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  app.add_flag("--json", as_json, "Print JSON instead of tables");
  CLI11_PARSE(app, argc, argv);
  SetUpLogging(LogFormat::kText, spdlog::level::err);

  const Rates rates = Measure(rounds, absl::Seconds(seconds));
  if (as_json) {
    PrintJson(rates);
  } else {
    std::printf("%s, %u processors; %d rounds of %g s\n\n", MachineName().c_str(),
                std::thread::hardware_concurrency(), rounds, seconds);
    PrintText(rates);
  }
  return std::ranges::all_of(
             Ratios(), [&](const Ratio& ratio) { return MedianRatio(ratio, rates) >= ratio.bound; })
             ? 0
             : 1;
}

}  // namespace
}  // namespace sta::bench

int main(int argc, char** argv) try {
  return sta::bench::Main(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "card_scheduling: %s\n", error.what());
  return 1;
}
