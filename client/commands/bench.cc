// SPDX-License-Identifier: Apache-2.0
//
// stactl bench: load on a server, latencies and throughput.
#include <atomic>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "client/commands/bench_requests.h"
#include "client/commands/command.h"
#include "client/console/json_text.h"
#include "client/console/table.h"
#include "client/load/load_generator.h"
#include "client/load/request_mix.h"
#include "strings/str_cat.h"

namespace sta::client {
namespace {

// Set by Ctrl-C; the run then ends with the figures so far.
std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free);

struct BenchFlags {
  std::string model;
  std::vector<int> concurrency = {1, 4, 16};
  double rate = 0;
  bool constant = false;
  absl::Duration duration = absl::Seconds(10);
  absl::Duration warm_up = absl::Seconds(1);
  int64_t requests = 0;
  BenchRequestFlags mix;
};

// What the figures belong to.
struct BenchSubject {
  std::string model;
  std::string server;  // name and version
  double rows_per_request;
};

// One line of the table.
struct Run {
  std::string load;  // "4 streams", "200/s"
  LoadResult result;
};

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

std::vector<Run> RunLoads(const BenchFlags& options, const SendFunction& send, Console& console) {
  LoadOptions load = {.rate = options.rate,
                      .is_poisson = !options.constant,
                      .warm_up = options.warm_up,
                      .duration = options.requests > 0 ? absl::Hours(24) : options.duration,
                      .max_requests = options.requests > 0 ? options.requests : INT64_MAX,
                      .seed = static_cast<uint64_t>(options.mix.seed)};
  std::vector<Run> runs;
  if (options.rate > 0) {
    runs.push_back({StrCat(options.rate, "/s"), RunOpenLoop(send, load, stop_requested)});
    return runs;
  }
  for (const int streams : options.concurrency) {
    if (stop_requested) break;
    const std::string name = StrCat(streams, streams == 1 ? " stream" : " streams");
    console.err << "bench: " << name << "\n";
    load.streams = streams;
    runs.push_back({name, RunClosedLoop(send, load, stop_requested)});
  }
  return runs;
}

std::string Milliseconds(int64_t us) { return FormatFixed(static_cast<double>(us) / 1000.0, 2); }

std::string Errors(const LoadResult& result) {
  std::string text;
  for (const auto& [code, count] : result.errors) {
    StrAppend(&text, text.empty() ? "" : ", ", count, " ", absl::StatusCodeToString(code));
  }
  return text.empty() ? "none" : text;
}

void PrintTable(const std::vector<Run>& runs, double rows_per_request, std::ostream& out) {
  Table table({{"load", Align::kLeft},
               {"requests", Align::kRight},
               {"requests/s", Align::kRight},
               {"rows/s", Align::kRight},
               {"p50 ms", Align::kRight},
               {"p90", Align::kRight},
               {"p99", Align::kRight},
               {"p99.9", Align::kRight},
               {"max", Align::kRight},
               {"errors", Align::kLeft}});
  for (const Run& run : runs) {
    const LoadResult& result = run.result;
    const HdrHistogram& latency = result.latency_us;
    table.AddRow({run.load, WithThousands(result.requests()),
                  FormatFixed(result.RequestsPerSecond(), 1),
                  FormatFixed(result.RequestsPerSecond() * rows_per_request, 1),
                  Milliseconds(latency.Percentile(50)), Milliseconds(latency.Percentile(90)),
                  Milliseconds(latency.Percentile(99)), Milliseconds(latency.Percentile(99.9)),
                  Milliseconds(latency.max()), Errors(result)});
  }
  out << table.ToString();
}

OrderedJson RunJson(const Run& run, double rows_per_request) {
  const LoadResult& result = run.result;
  OrderedJson json = {{"load", run.load},
                      {"requests", result.requests()},
                      {"requests_per_second", result.RequestsPerSecond()},
                      {"rows_per_second", result.RequestsPerSecond() * rows_per_request},
                      {"elapsed_seconds", absl::ToDoubleSeconds(result.elapsed)}};
  for (const auto& [name, percentile] :
       {std::pair{"p50_us", 50.0}, {"p90_us", 90.0}, {"p99_us", 99.0}, {"p99_9_us", 99.9}}) {
    json[name] = result.latency_us.Percentile(percentile);
  }
  json["max_us"] = result.latency_us.max();
  json["mean_us"] = result.latency_us.Mean();
  json["errors"] = OrderedJson::object();
  for (const auto& [code, count] : result.errors) {
    json["errors"][absl::StatusCodeToString(code)] = count;
  }
  return json;
}

void PrintRuns(const std::vector<Run>& runs, const BenchSubject& subject, CommandContext& context) {
  const std::string processor = ProcessorName();
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  if (context.json) {
    OrderedJson json = {{"model", subject.model},
                        {"server", subject.server},
                        {"processor", processor},
                        {"cores", cores},
                        {"rows_per_request", subject.rows_per_request}};
    json["runs"] = OrderedJson::array();
    for (const Run& run : runs) json["runs"].push_back(RunJson(run, subject.rows_per_request));
    context.console.out << IndentedJson(json) << "\n";
    return;
  }
  context.console.out << subject.model << " on " << subject.server << "; client on " << processor
                      << ", " << cores << " cores; " << subject.rows_per_request
                      << (subject.rows_per_request == 1 ? " row" : " rows") << " a request\n\n";
  PrintTable(runs, subject.rows_per_request, context.console.out);
}

// Only a label of the figures: a server that does not tell is measured all the same.
std::string ServerName(Client& client) {
  const absl::StatusOr<ServerInfo> server = client.ServerMetadata();
  return server.ok() ? StrCat(server->name, " ", server->version) : "a server without metadata";
}

absl::Status RunBench(CommandContext& context, const BenchFlags& options) {
  const absl::StatusOr<std::unique_ptr<Client>> client = Connect(context, /*max_attempts=*/1);
  if (!client.ok()) return client.status();
  const absl::StatusOr<std::string> model = ChooseModel(**client, options.model, "");
  if (!model.ok()) return model.status();
  const absl::StatusOr<RequestMix> mix = MakeRequestMix(options.mix, *model);
  if (!mix.ok()) return mix.status();
  const BenchSubject subject{*model, ServerName(**client), mix->MeanRows()};
  // One request that must not be wrong, so that a wrong model or input is an error and not a table.
  // With a short --timeout, being too late is what is measured.
  const absl::StatusOr<InferResult> first = (*client)->Infer(mix->At(0));
  if (!first.ok() && !absl::IsDeadlineExceeded(first.status())) return first.status();

  stop_requested = false;
  const auto old_handler = std::signal(SIGINT, [](int) { stop_requested = true; });
  const SendFunction send = [&](int64_t index, std::function<void(absl::Status)> done) {
    (*client)->InferAsync(mix->At(index),
                          [done = std::move(done)](const absl::StatusOr<InferResult>& result) {
                            done(result.status());
                          });
  };
  const std::vector<Run> runs = RunLoads(options, send, context.console);
  std::signal(SIGINT, old_handler);
  PrintRuns(runs, subject, context);
  return absl::OkStatus();
}

}  // namespace

void AddBenchCommand(CLI::App& app, CommandContext& context) {
  auto options = std::make_shared<BenchFlags>();
  CLI::App* command = app.add_subcommand("bench", "Measure latencies and throughput of a server");
  command->add_option("--model", options->model, "Model; the only ready one if not given");
  CLI::Option* concurrency =
      command
          ->add_option("--concurrency", options->concurrency,
                       "Closed loop: requests in flight; a list is run one after another")
          ->delimiter(',')
          ->capture_default_str()
          ->check(CLI::Range(1, 1024));
  command->add_option("--rate", options->rate, "Open loop: requests a second, whatever the answers")
      ->excludes(concurrency)
      ->check(CLI::Range(0.001, 1e6));
  command->add_flag("--constant", options->constant,
                    "Open loop: equal gaps instead of exponential ones");
  AddDurationOption(*command, "--duration", options->duration, "Measured time of each run");
  AddDurationOption(*command, "--warm-up", options->warm_up, "Time before it that is not counted");
  command->add_option("--requests", options->requests, "End each run after so many requests")
      ->check(CheckPositiveInteger);
  AddBenchRequestOptions(*command, options->mix);
  command->footer(R"(
A closed loop sends each request after the answer to the one before; an open loop sends at a rate
and measures from when a request should have left, so that a server's pause is not hidden. Ctrl-C
ends early with the figures so far. Percentiles are from an HDR histogram of three digits.

Any server of the Open Inference Protocol can be measured: name its --model and describe its inputs
by --tensor, or write requests into a --request-file. All tensors are sent raw. A generated BOOL is
0 or 1, an integer 0..127, a floating-point number 0..1, BYTES a word of eight letters.

Examples:
  stactl bench --concurrency 1,4,16 --duration 10s
  stactl bench --rate 200 --duration 30s --lengths uniform:16:128
  stactl bench --input ids --lengths fixed:128 --rows 8 --json
  stactl bench --model identity --tensor INPUT0:FP32:1,64
  stactl bench --server triton:8001 --model bert --request-file requests.jsonl)");
  command->callback([&context, options] {
    context.action = [&context, options] { return RunBench(context, *options); };
  });
}

}  // namespace sta::client
