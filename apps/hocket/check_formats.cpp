#include "check_formats.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/grouped.hpp>
#include <hocket/base/json_string.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/graph/markup.hpp>

namespace hocket::app {
namespace {

using graph::markup_escaped;

constexpr std::size_t pages_on_a_terminal = 5;

template <class... Arguments>
void add(std::string& to, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  fmt::format_to(std::back_inserter(to), format, std::forward<Arguments>(arguments)...);
}

std::string summary_of(const check_result& result) {
  std::string line = fmt::format("{} {} checked, ", grouped(result.checked()), result.checked() == 1 ? "URL" : "URLs");
  line += result.broken.empty() ? "none broken" : fmt::format("{} broken", grouped(result.broken.size()));
  if (result.accepted > 0) add(line, " ({} accepted)", grouped(result.accepted));
  add(line, "; {} crawled, {} asked for", grouped(result.pages), grouped(result.asked));
  if (result.cached > 0) add(line, ", {} good of late", grouped(result.cached));
  for (const auto& [reason, count] : result.unchecked) add(line, "; {} not checked: {}", grouped(count), reason);
  add(line, "; {:.1f} s", result.seconds);
  return line;
}

/// "on a", or where else it stands; "and 3 more" when there are more of them.
std::vector<std::string> holders_of(const broken_link& link, std::size_t at_most) {
  if (link.pages.empty()) return {"given on the command line"};
  std::vector<std::string> lines;
  for (const std::string& page : link.pages) {
    if (lines.size() == at_most) break;
    lines.push_back("on " + printable(page));
  }
  if (link.references > lines.size())
    lines.push_back(fmt::format("and {} more", grouped(link.references - lines.size())));
  return lines;
}

std::string as_text(const check_result& result) {
  std::string text;
  for (const broken_link& link : result.broken) {
    if (link.is_accepted) continue;
    add(text, "{}: {}\n", printable(link.url), printable(link.error));
    for (const std::string& line : holders_of(link, pages_on_a_terminal)) add(text, "  {}\n", line);
  }
  return text + summary_of(result) + "\n";
}

// Source: GitHub, "Workflow commands", and @actions/core, command.ts: escapeData.
std::string github_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : printable(text)) {
    if (c == '%')
      escaped += "%25";
    else
      escaped += c;
  }
  return escaped;
}

// Newlines are %0A, so that one command is one annotation; the text has none of its own.
std::string as_github(const check_result& result) {
  std::string text;
  for (const broken_link& link : result.broken) {
    if (link.is_accepted) continue;
    add(text, "::error title=Broken link::{}: {}", github_escaped(link.url), github_escaped(link.error));
    for (const std::string& line : holders_of(link, most_pages_of_a_link)) add(text, "%0A{}", github_escaped(line));
    text += "\n";
  }
  return text + summary_of(result) + "\n";
}

// A case for each URL that is broken, and one for all the others.
std::string as_junit(const check_result& result) {
  const std::size_t tests = result.broken.size() + 1;
  const std::string counts = fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\" time=\"{:.3f}\"",
                                         tests, result.failures(), result.accepted, result.seconds);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  add(text, "<testsuites name=\"hocket crawl --check\" {}>\n  <testsuite name=\"links\" {}>\n", counts, counts);
  add(text, "    <testcase classname=\"links\" name=\"{}\" time=\"{:.3f}\"/>\n", markup_escaped(summary_of(result)),
      result.seconds);
  for (const broken_link& link : result.broken) {
    const std::string error = markup_escaped(link.error);
    add(text, "    <testcase classname=\"links\" name=\"{}\" time=\"0\">\n", markup_escaped(link.url));
    if (link.is_accepted) {
      add(text, "      <skipped message=\"accepted by the baseline: {}\"/>\n", error);
    } else {
      add(text, "      <failure type=\"broken\" message=\"{}\">", error);
      for (const std::string& line : holders_of(link, most_pages_of_a_link)) add(text, "{}\n", markup_escaped(line));
      text += "</failure>\n";
    }
    text += "    </testcase>\n";
  }
  return text + "  </testsuite>\n</testsuites>\n";
}

void add_member(std::string& to, std::string_view name, std::string_view text) {
  add(to, "\"{}\": ", name);
  append_json_string(to, text);
}

std::string as_json(const check_result& result) {
  std::string text = "{\n";
  add(text, "  \"checked\": {},\n  \"crawled\": {},\n  \"asked\": {},\n  \"cached\": {},\n  \"accepted\": {},\n",
      result.checked(), result.pages, result.asked, result.cached, result.accepted);
  text += "  \"unchecked\": {";
  const char* comma = "";
  for (const auto& [reason, count] : result.unchecked)
    add(text, "{}\"{}\": {}", std::exchange(comma, ", "), reason, count);
  add(text, "}},\n  \"seconds\": {:.3f},\n  \"broken\": [", result.seconds);
  comma = "\n";
  for (const broken_link& link : result.broken) {
    add(text, "{}    {{", std::exchange(comma, ",\n"));
    add_member(text, "url", link.url);
    add(text, ", \"status\": {}, ", link.status);
    add_member(text, "error", link.error);
    add(text, ", \"accepted\": {}, \"references\": {}, \"pages\": [", link.is_accepted, link.references);
    const char* before = "";
    for (const std::string& page : link.pages) {
      text += std::exchange(before, ", ");
      append_json_string(text, page);
    }
    text += "]}";
  }
  return text + (result.broken.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace

const std::vector<std::string>& check_formats() {
  static const std::vector<std::string> formats{"github", "json", "junit", "text"};
  return formats;
}

std::string formatted(const check_result& result, std::string_view format) {
  if (format == "github") return as_github(result);
  if (format == "json") return as_json(result);
  if (format == "junit") return as_junit(result);
  return as_text(result);
}

}  // namespace hocket::app
