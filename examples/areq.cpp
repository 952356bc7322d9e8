// Fetches the pages that a file lists, all at once, and writes down every link that they hold.
// Run: areq [IN OUT], by default from urls.txt to foundurls.txt
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace http = hocket::http;

template <class... Args>
void log(std::string_view level, fmt::format_string<Args...> text, Args&&... args) {
  const auto message = fmt::format(text, std::forward<Args>(args)...);
  fmt::print(stderr, "{:%H:%M:%S} {}:areq: {}\n", fmt::localtime(std::time(nullptr)), level, message);
}

// All that the regular expression href="(.*?)" finds; its dot takes no line end.
std::vector<std::string_view> hrefs(std::string_view html) {
  constexpr std::string_view opening = "href=\"";
  std::vector<std::string_view> found;
  for (auto at = html.find(opening); at != html.npos; at = html.find(opening, at)) {
    const auto start = at + opening.size();
    at = html.find_first_of("\"\n", start);
    if (at == html.npos) break;
    if (html[at] == '"') found.push_back(html.substr(start, at - start));
  }
  return found;
}

hocket::coro<std::string> fetch_html(const std::string& url, http::session& session) {
  auto response = co_await session.get(url);
  response.raise_for_status();
  log("INFO", "Got response [{}] for URL: {}", response.status(), url);
  co_return co_await response.text();
}

hocket::coro<std::set<std::string>> parse(const std::string& url, http::session& session) {
  std::set<std::string> found;
  try {
    const std::string html = co_await fetch_html(url, session);
    const auto base = hocket::url::parse(url).value();
    for (const auto link : hrefs(html)) {
      if (const auto absolute = hocket::url::parse(link, base))
        found.insert(absolute->href());
      else
        log("ERROR", "Error parsing URL: {}", link);
    }
    log("INFO", "Found {} links for {}", found.size(), url);
  } catch (const http::status_error& problem) {
    const int status = problem.status();
    log("ERROR", "hocket exception for {} [{}]: {}", url, status, http::reason_phrase(status));
  } catch (const std::exception& problem) {
    log("ERROR", "hocket exception for {} [None]: {}", url, problem.what());
  }
  co_return found;
}

hocket::coro<void> write_one(hocket::file& file, const std::string& url, http::session& session) {
  std::string rows;
  for (const auto& link : co_await parse(url, session)) rows += fmt::format("{}\t{}\n", url, link);
  if (rows.empty()) co_return;
  co_await file.write(rows);
  log("INFO", "Wrote results for source URL: {}", url);
}

hocket::coro<void> bulk_crawl_and_write(std::string out, std::set<std::string> urls) {
  auto file = co_await hocket::file::open(out, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
  co_await file.write("source_url\tparsed_url\n");
  http::session session;
  std::vector<hocket::coro<void>> works;
  for (const auto& url : urls) works.push_back(write_one(file, url, session));
  co_await hocket::gather(std::move(works));
}

int main(int argc, char** argv) {
  const std::string in = argc > 1 ? argv[1] : "urls.txt";
  std::ifstream infile(in);
  if (!infile) {
    fmt::print(stderr, "areq: cannot open '{}': {}\n", in, std::strerror(errno));
    return 1;
  }
  const std::set<std::string> urls(std::istream_iterator<std::string>(infile), {});
  hocket::run(bulk_crawl_and_write(argc > 2 ? argv[2] : "foundurls.txt", urls));
}
