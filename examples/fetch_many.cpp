// Fetches many URLs, some at a time and by no more than so many requests a second, redirects and further attempts included, and tells what
// became of each.
// Run: fetch_many [URL...] [--from FILE] [--rate N] [--concurrency N] [--timeout SECONDS]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <hocket/http.hpp>

#include "program.hpp"

namespace http = hocket::http;

struct arguments {
  std::vector<std::string> urls;
  std::string from;
  double rate = 10;
  unsigned concurrency = 20;
  double timeout_seconds = 60;
};

class fetching {
 public:
  explicit fetching(const arguments& given) : given_(given), web_(options()) {}

  hocket::coro<void> run() {
    std::vector<hocket::coro<void>> workers;
    for (unsigned n = 0; n < given_.concurrency; ++n) workers.push_back(work());
    co_await hocket::gather(std::move(workers));
    if (shows_progress_) fmt::print(stderr, "\n");
    if (failed_ > 0) throw std::runtime_error(fmt::format("{} of {} failed", failed_, given_.urls.size()));
  }

 private:
  hocket::coro<void> work() {
    while (next_ < given_.urls.size()) {
      const std::string& url = given_.urls[next_++];
      co_await turn();
      co_await fetch(url);
      if (shows_progress_)
        fmt::print(stderr, "\r{} of {}, {} failed, {:.1f} MB ", ++done_, given_.urls.size(), failed_,
                   1e-6 * double(bytes_));
    }
  }

  http::session_options options() {
    http::session_options options{.limit = given_.concurrency, .limit_per_host = given_.concurrency};
    options.timeouts.total = hocket::delay(std::chrono::duration<double>(given_.timeout_seconds));
    options.middlewares.push_back(http::retries());  // where a server is busy or a connection breaks
    options.middlewares.emplace_back(
        [this](http::request_message& asked, http::request_sender& next) -> hocket::coro<http::response> {
          if (turns_ == 0) co_await turn();  // for one more attempt, or where a redirect leads
          --turns_;
          co_return co_await next(asked);
        });
    return options;
  }

  /// Waits until there may be one more request: between the beginnings of any two there is the time that the rate wants.
  hocket::coro<void> turn() {
    const auto now = hocket::loop::running().time();
    const auto mine = std::max(now, free_from_);
    free_from_ = mine + interval_;
    co_await hocket::sleep(mine - now);
    ++turns_;
  }

  hocket::coro<void> fetch(const std::string& url) {
    try {
      auto answer = co_await web_.get(url);
      answer.raise_for_status();
      std::uint64_t size = 0;
      for (auto piece = co_await answer.next(); !piece.empty(); piece = co_await answer.next()) size += piece.size();
      bytes_ += size;
      fmt::print("{} {} {}\n", answer.status(), size, url);
    } catch (const std::exception& problem) {
      ++failed_;
      fmt::print(stderr, "{}fetch_many: {}: {}\n", shows_progress_ ? "\r" : "", url, problem.what());
    }
  }

  const arguments& given_;
  http::session web_;
  const hocket::duration interval_ = hocket::delay(std::chrono::duration<double>(1 / given_.rate));
  const bool shows_progress_ = ::isatty(STDERR_FILENO) == 1;
  std::size_t next_ = 0, done_ = 0, failed_ = 0, turns_ = 0;
  std::uint64_t bytes_ = 0;
  hocket::time_point free_from_{};
};

hocket::coro<void> fetch_all(arguments given) {
  if (!given.from.empty()) {
    std::ifstream lines(given.from);
    if (!lines) throw std::runtime_error(fmt::format("cannot open '{}'", given.from));
    for (std::string url; lines >> url;) given.urls.push_back(url);
  }
  fetching all(given);
  co_await all.run();
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Fetches URLs.", "fetch_many");
  options.add_option("URL", given.urls, "what to fetch");
  options.add_option("--from", given.from, "a file with URLs, one a line");
  options.add_option("--rate", given.rate, "requests a second")->capture_default_str()->check(CLI::PositiveNumber);
  options.add_option("--concurrency", given.concurrency, "requests at a time")
      ->capture_default_str()
      ->check(CLI::Range(1U, 10'000U));
  options.add_option("--timeout", given.timeout_seconds, "for each, in seconds")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  read_command_line(options, argc, argv);
  return run_program(options, fetch_all(given));
}
