// A client that fetches pages by a hundred tasks, ten times each, and counts their links: fetch PORT FILE, with a path a line.
// What it is measured against stands in bench/README.md.

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

namespace {

namespace http = hocket::http;

constexpr std::size_t connections = 100;
constexpr std::size_t rounds = 10;

struct work {
  std::vector<std::string> urls;
  std::size_t begun = 0;
  std::size_t pages = 0;
  std::size_t links = 0;
};

/// What matches href="(.*?)" on a line.
std::size_t count_links(std::string_view page) {
  static constexpr std::string_view begin = "href=\"";
  std::size_t count = 0;
  for (std::size_t at = page.find(begin); at != std::string_view::npos; at = page.find(begin, at)) {
    at += begin.size();
    const std::size_t end = page.find('"', at);
    if (end == std::string_view::npos) break;
    if (page.substr(at, end - at).find('\n') != std::string_view::npos) continue;
    ++count;
    at = end + 1;
  }
  return count;
}

hocket::coro<void> fetch(http::session& session, work& all) {
  while (all.begun < all.urls.size() * rounds) {
    auto answer = co_await session.get(all.urls[all.begun++ % all.urls.size()]);
    answer.raise_for_status();
    const std::string page = co_await answer.read();
    all.links += count_links(page);
    ++all.pages;
  }
}

hocket::coro<void> amain(std::string port, std::string list) {
  work all;
  std::ifstream paths(list);
  for (std::string path; std::getline(paths, path);) all.urls.push_back("http://127.0.0.1:" + port + path);
  http::session session({.limit = connections, .limit_per_host = connections});
  const auto begun = std::chrono::steady_clock::now();
  co_await hocket::with_task_group([&](hocket::task_group& tasks) -> hocket::coro<void> {
    for (std::size_t n = 0; n < connections; ++n) tasks.create_task(fetch(session, all));
    co_return;
  });
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  fmt::print("pages={} links={} secs={:.3f}\n", all.pages, all.links, took.count());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print(stderr, "usage: fetch PORT FILE\n");
    return 2;
  }
  hocket::run(amain(arguments[1], arguments[2]));
}
