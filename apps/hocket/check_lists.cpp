#include "check_lists.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include <hocket/graph/line_reader.hpp>
#include <hocket/graph/tab_fields.hpp>

#include "command.hpp"
#include "whole_file.hpp"

namespace hocket::app {
namespace {

// Calls `take(line, reader)` for each line that says something; the last may lack its newline.
template <class Take>
void for_each_line(const std::string& path, Take take) {
  try {
    graph::line_reader lines(path);
    const auto take_line = [&](std::string_view line) {
      while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
      if (!line.empty() && line.front() != '#') take(line, lines);
    };
    while (const auto line = lines.next()) take_line(*line);
    take_line(lines.rest());
  } catch (const error& problem) {
    throw failure(problem.what(), wrong_usage);
  }
}

bool is_url(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

}  // namespace

baseline baseline::read(const std::string& path) {
  baseline result;
  for_each_line(path, [&result](std::string_view line, const graph::line_reader& reader) {
    if (!is_url(line)) throw reader.broken("is no http(s) URL");
    result.accepted_.emplace(line);
  });
  return result;
}

std::size_t baseline::accept(check_result& result) const {
  for (broken_link& each : result.broken) {
    each.is_accepted = accepted_.contains(each.url);
    result.accepted += each.is_accepted ? 1 : 0;
  }
  return accepted_.size() - static_cast<std::size_t>(result.accepted);
}

void baseline::write(const std::string& path, const check_result& result) {
  write_whole_file(path, [&result](std::ostream& out) {
    out << "# Broken links that hocket crawl --check accepts, a URL a line.\n";
    for (const broken_link& each : result.broken) out << each.url << '\n';
  });
}

link_cache link_cache::read(const std::string& path, std::chrono::seconds age, std::chrono::sys_seconds now) {
  link_cache result;
  result.now_ = now;
  if (::access(path.c_str(), F_OK) != 0) return result;
  for_each_line(path, [&](std::string_view line, const graph::line_reader& reader) {
    const auto [url, text] = graph::tab_fields<2>(line, reader);
    std::int64_t seconds = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (!is_url(url) || problem != std::errc() || end != text.data() + text.size())
      throw reader.broken("is no URL and a time, as in a cache of links: remove the file, or name another");
    const std::chrono::sys_seconds when{std::chrono::seconds(seconds)};
    if (when <= now && now - when <= age) result.good_.emplace(url, when);
  });
  return result;
}

void link_cache::write(const std::string& path) const {
  using entry = std::pair<const std::string, std::chrono::sys_seconds>;
  std::vector<const entry*> sorted;
  for (const entry& each : good_) sorted.push_back(&each);
  std::ranges::sort(sorted, {}, [](const entry* each) -> const std::string& { return each->first; });
  write_whole_file(path, [&sorted](std::ostream& out) {
    out << "# Links that hocket crawl --check found good, and when, in seconds since 1970.\n";
    for (const entry* each : sorted) out << each->first << '\t' << each->second.time_since_epoch().count() << '\n';
  });
}

}  // namespace hocket::app
