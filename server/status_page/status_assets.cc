// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_assets.h"

namespace sta {

const std::string_view kStatusStyle = R"css(
:root {
  color-scheme: light dark;
  --text: #1b1f24; --soft: #57606a; --page: #ffffff; --line: #d0d7de;
  --good: #116329; --wait: #7d4e00; --bad: #a40e26;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e6edf3; --soft: #9198a1; --page: #0d1117; --line: #30363d;
    --good: #56d364; --wait: #e3b341; --bad: #ff7b72;
  }
}
body {
  margin: 1.5rem auto; max-width: 75rem; padding: 0 1rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
header { display: flex; align-items: baseline; gap: 1rem; flex-wrap: wrap; }
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 0.5rem; }
p { color: var(--soft); margin: 0.5rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 0.3rem 0.6rem; text-align: left; }
td { vertical-align: top; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
#state { font-weight: 600; color: var(--wait); }
#state[data-state="ready"] { color: var(--good); }
#trouble { color: var(--bad); }
tr[data-state="READY"] td:nth-child(3), tr[data-state="ready"] td:nth-child(4) {
  color: var(--good);
}
tr[data-state="FAILED"] td:nth-child(3), tr[data-state="quarantined"] td:nth-child(4) {
  color: var(--bad);
}
)css";

// Text goes in as text only, never as HTML. The cells are those of status_html.cc.
const std::string_view kStatusScript = R"js("use strict";
(() => {
  const POLL_MS = 2000;
  const milliseconds = (s) => (s === null ? "\u2013" : `${(s * 1000).toFixed(2)} ms`);
  const stateText = (row) => (row.reason ? `${row.state}: ${row.reason}` : row.state);
  const aliases = (row) => (row.is_default ? ["(default)"] : []).concat(row.aliases).join(", ");
  const queue = (row) => (row.queued_requests === 0
    ? "0" : `${row.queued_requests} (${row.queued_tokens} tokens)`);
  // A page whose address has a password in it may not fetch beside itself.
  const source = `${location.origin}${location.pathname}status.json`;
  const cells = {
    models: (row) => [
      row.name, row.version, stateText(row), aliases(row),
      `${(row.memory_bytes / 1e6).toFixed(1)} MB`, row.answered, row.failed, queue(row),
      row.answers_per_second.toFixed(1), milliseconds(row.p50_seconds), milliseconds(row.p99_seconds)],
    devices: (row) => [
      row.name, row.kind, row.detail, stateText(row), row.in_flight, row.batches, row.tokens,
      row.failures, `${row.busy_seconds.toFixed(1)} s`],
  };
  const write = (id, text) => {
    document.getElementById(id).textContent = text;
  };
  const makeRow = (table, data) => {
    const row = document.createElement("tr");
    row.dataset.state = data.state ?? "";
    for (const text of cells[table](data)) {
      row.appendChild(document.createElement("td")).textContent = String(text);
    }
    return row;
  };
  const show = (status) => {
    write("version", status.server_version);
    write("state", status.state);
    document.getElementById("state").dataset.state = status.state;
    write("time", status.time);
    write("started", status.started);
    write("window", status.window_seconds.toFixed(0));
    for (const table of Object.keys(cells)) {
      const rows = status[table].map((data) => makeRow(table, data));
      document.querySelector(`#${table} tbody`).replaceChildren(...rows);
    }
  };
  const poll = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(source, { cache: "no-store" });
        if (!answer.ok) throw new Error(`status ${answer.status}`);
        show(await answer.json());
        write("trouble", "");
      } catch (error) {
        write("trouble", `No news since: ${error.message}`);
      }
    }
    setTimeout(poll, POLL_MS);
  };
  poll();
})();
)js";

}  // namespace sta
