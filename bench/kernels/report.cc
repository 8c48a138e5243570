// SPDX-License-Identifier: Apache-2.0
#include "bench/kernels/report.h"

#include <cstddef>
#include <fstream>
#include <string_view>
#include <thread>

#include "client/console/json_text.h"
#include "client/console/table.h"
#include "strings/str_cat.h"

namespace sta::bench {

using client::Align;
using client::FormatFixed;
using client::OrderedJson;

std::string PeaksText(const std::vector<Peaks>& peaks) {
  if (peaks.empty()) return "";
  client::Table rates({{"set"},
                       {"threads", Align::kRight},
                       {"instructions"},
                       {"1e9 vectors/s", Align::kRight},
                       {"GOP/s", Align::kRight}});
  client::Table ceilings({{"set"},
                          {"threads", Align::kRight},
                          {"dense", Align::kRight},
                          {"4:8", Align::kRight},
                          {"2:8", Align::kRight},
                          {"1:8", Align::kRight},
                          {"1:16", Align::kRight}});
  for (const Peaks& peak : peaks) {
    const std::string set(peak.instruction_set);
    const std::string threads = StrCat(peak.threads);
    const double operations = 2.0 * peak.products_a_vector;
    rates.AddRow({set, threads, std::string(peak.product_name), FormatFixed(peak.product, 2),
                  FormatFixed(peak.product * operations, 0)});
    rates.AddRow({set, threads, std::string(peak.gather_name), FormatFixed(peak.gather, 2)});
    rates.AddRow({set, threads, "both, as a pair", FormatFixed(peak.pair, 2),
                  FormatFixed(peak.pair * operations, 0)});
    std::vector<std::string> row = {set, threads};
    for (const Pattern pattern :
         {Pattern::Dense(), Pattern{4, 8}, Pattern{2, 8}, Pattern{1, 8}, Pattern{1, 16}}) {
      row.push_back(FormatFixed(peak.CeilingGops(pattern), 0));
    }
    ceilings.AddRow(row);
  }
  return StrCat("What the threads do at most, on registers:\n", rates.ToString(),
                "\nCeilings, dense-equivalent GOP/s:\n", ceilings.ToString());
}

std::string ResultsText(const std::vector<Result>& results) {
  client::Table table({{"benchmark"},
                       {"value", Align::kRight},
                       {"unit"},
                       {"of ceiling", Align::kRight},
                       {"x dense", Align::kRight},
                       {"x generic", Align::kRight},
                       {"x oneDNN", Align::kRight}});
  const auto ratio = [](const std::optional<double>& value) {
    return value.has_value() ? FormatFixed(*value, 2) : "";
  };
  for (const Result& result : results) {
    table.AddRow({result.name, FormatFixed(result.value, 1), result.unit, ratio(result.of_ceiling),
                  ratio(result.over_dense), ratio(result.over_generic), ratio(result.over_onednn)});
  }
  return table.ToString();
}

std::string ResultsJson(const std::vector<Result>& results, const std::string& machine) {
  OrderedJson list = OrderedJson::array();
  for (const Result& result : results) {
    const auto add = [&](const OrderedJson& ratio, const OrderedJson& peer) {
      list.push_back({{"name", result.name},
                      {"value", result.value},
                      {"unit", result.unit},
                      {"ratio", ratio},
                      {"peer", peer},
                      {"machine", machine}});
    };
    const size_t before = list.size();
    if (result.of_ceiling.has_value()) add(*result.of_ceiling, "ceiling");
    if (result.over_dense.has_value()) add(*result.over_dense, "dense");
    if (result.over_generic.has_value()) add(*result.over_generic, "generic");
    if (result.over_onednn.has_value()) add(*result.over_onednn, "onednn");
    if (list.size() == before) add(nullptr, nullptr);
  }
  return StrCat(client::IndentedJson(list), "\n");
}

std::string MachineName() {
  std::string name = "unknown processor";
  std::ifstream info("/proc/cpuinfo");
  constexpr std::string_view kKey = "model name";
  for (std::string line; std::getline(info, line);) {
    const size_t colon = line.find(": ");
    if (!line.starts_with(kKey) || colon == std::string::npos) continue;
    name = line.substr(colon + 2);
    break;
  }
  return StrCat(name, ", ", static_cast<int>(std::thread::hardware_concurrency()), " cores");
}

}  // namespace sta::bench
