// SPDX-License-Identifier: Apache-2.0
#include "server/status_page/status_html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/status_page/status_reports.h"

namespace sta {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StatusHtmlTest, EscapesWhatIsMarkup) {
  EXPECT_EQ(EscapeHtml("a<b>\"c\" & 'd' ü"), "a&lt;b&gt;&quot;c&quot; &amp; &#39;d&#39; ü");
  EXPECT_EQ(EscapeHtml(""), "");
}

TEST(StatusHtmlTest, ShowsEverythingWithoutAScript) {
  const std::string page = StatusHtml(MakeStatusReport());
  for (const char* part : {
           "<span id=\"version\">1&lt;2</span>",
           "<p id=\"state\" data-state=\"not ready\">not ready</p>",
           "<b id=\"time\">2026-11-30 11:31:07 UTC</b>",
           "<span id=\"started\">2026-11-30 10:31:07 UTC</span>",
           "<span id=\"window\">61</span>",
           "<tr data-state=\"READY\"><td>m</td><td>3</td><td>READY</td><td>(default), canary, "
           "prod</td><td>16.1 MB</td><td>7</td><td>2</td><td>4 (70 tokens)</td>"
           "<td>2.2</td><td>1.25 ms</td><td>20.00 ms</td></tr>",
           "<tr data-state=\"FAILED\"><td>m</td><td>2</td><td>FAILED: "
           "&lt;script&gt;alert(&#39;&quot;&amp;&#39;)&lt;/script&gt;</td><td></td><td>0.0 MB</td>"
           "<td>0</td><td>0</td><td>0</td><td>0.0</td><td>–</td><td>–</td></tr>",
           "<tr data-state=\"quarantined\"><td>xrt:0</td><td>xrt</td><td>4x4x4 &amp; more</td>"
           "<td>quarantined: it &lt;hangs&gt;</td><td>1</td><td>11</td><td>1234</td><td>5</td>"
           "<td>2.5 s</td></tr>",
       }) {
    EXPECT_THAT(page, HasSubstr(part));
  }
}

TEST(StatusHtmlTest, HasNothingThatItsPolicyForbids) {
  const std::string page = StatusHtml(MakeStatusReport());
  for (const char* part : {"<style", " style=", " onload=", " onclick=", "javascript:", "//"}) {
    EXPECT_THAT(page, Not(HasSubstr(part))) << part;
  }
  EXPECT_THAT(page, HasSubstr("<script src=\"status.js\" defer></script>"));
}

TEST(StatusHtmlTest, AServerWithoutModelsHasEmptyTables) {
  const std::string page = StatusHtml({.server_version = "1", .state = "ready"});
  EXPECT_THAT(page, HasSubstr("<tbody>\n</tbody>"));
}

}  // namespace
}  // namespace sta
