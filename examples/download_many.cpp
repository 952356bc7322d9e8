// Downloads many files at the same time: over HTTP/2 those of one server come over one connection, a stream each. A file appears under its
// name when it is complete, and what breaks off goes on where it was.
// Run: download_many [URL...] [--from FILE] [--to FOLDER] [--concurrency N] [--cafile FILE]
#include <chrono>
#include <cstdint>
#include <exception>
#include <fstream>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/http.hpp>
#include <hocket/http/server/static_path.hpp>
#include <hocket/tls.hpp>
#include <hocket/url/without_user.hpp>

#include "program.hpp"

namespace http = hocket::http;

struct arguments {
  std::vector<std::string> urls;
  std::string from, folder = ".", cafile;
  unsigned concurrency = 20;
};

class downloads {
 public:
  explicit downloads(const arguments& given) : given_(given), web_(options()) {}

  hocket::coro<void> run() {
    co_await hocket::makedirs(given_.folder, {.exist_ok = true});
    co_await hocket::with_task_group([this](hocket::task_group& group) -> hocket::coro<void> {
      auto progress = group.create_task(show_progress());
      std::vector<hocket::coro<void>> workers;
      for (unsigned n = 0; n < given_.concurrency; ++n) workers.push_back(work());
      co_await hocket::gather(std::move(workers));
      progress.cancel();
    });
    if (is_terminal_) fmt::print(stderr, "\r\033[K");
    fmt::print("{}, {} connection{}\n", so_far(), connections_, connections_ == 1 ? "" : "s");
    if (failed_ > 0) throw std::runtime_error(fmt::format("{} of {} failed", failed_, given_.urls.size()));
  }

 private:
  http::session_options options() {
    auto tracing = std::make_shared<http::tracing>();
    tracing->connection_create_end = [this](const http::traced_request&) { ++connections_; };
    http::session_options options{.limit_per_host = given_.concurrency, .tracing = std::move(tracing)};
    options.http2.max_streams = given_.concurrency;
    if (!given_.cafile.empty()) options.tls = hocket::tls_context::client({.cafile = given_.cafile});
    return options;
  }

  hocket::coro<void> work() {
    while (next_ < given_.urls.size()) co_await take(given_.urls[next_++]);
  }

  hocket::coro<void> take(const std::string& text) {
    try {
      const auto from = hocket::url::parse(text);
      if (!from || !from->has_host()) throw std::runtime_error("no URL");
      std::uint64_t here = 0;
      http::download_options options;
      options.on_progress = [this, &here](std::uint64_t bytes) { bytes_ += bytes - std::exchange(here, bytes); };
      co_await http::download(web_, *from, given_.folder + "/" + name_for(*from), std::move(options));
      ++done_;
    } catch (const std::exception& problem) {
      ++failed_;
      fmt::print(stderr, "{}download_many: {}: {}\n", is_terminal_ ? "\r\033[K" : "", hocket::without_user(text),
                 problem.what());
    }
  }

  /// The last part of its path, which leads nowhere else. A name is given once: files that are written at the same time are several.
  std::string name_for(const hocket::url& from) {
    const auto path = http::static_path(from.path());
    if (!path) throw std::runtime_error("its path is no name for a file");
    std::string name = path->substr(path->rfind('/') + 1);
    if (name.empty()) name = "index.html";
    if (!names_.insert(name).second) throw std::runtime_error(fmt::format("another one is called {}", name));
    return name;
  }

  [[nodiscard]] std::string so_far() const {
    return fmt::format("{} of {} files, {:.1f} MB", done_, given_.urls.size(), 1e-6 * double(bytes_));
  }

  hocket::coro<void> show_progress() {
    using namespace std::chrono_literals;
    for (; is_terminal_; co_await hocket::sleep(100ms)) fmt::print(stderr, "\r{} \033[K", so_far());
  }

  const arguments& given_;
  std::size_t next_ = 0, done_ = 0, failed_ = 0, connections_ = 0;
  std::uint64_t bytes_ = 0;  // of all, also of those that are not complete
  std::set<std::string> names_;
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  http::session web_;
};

hocket::coro<void> download_all(arguments given) {
  if (!given.from.empty()) {
    std::ifstream lines(given.from);
    if (!lines) throw std::runtime_error(fmt::format("cannot open '{}'", given.from));
    for (std::string url; lines >> url;) given.urls.push_back(url);
  }
  downloads all(given);
  co_await all.run();
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Downloads files, many at a time.", "download_many");
  options.add_option("URL", given.urls, "what to download");
  options.add_option("--from", given.from, "a file with URLs, one a line");
  options.add_option("--to", given.folder, "the folder for the files")->capture_default_str();
  options.add_option("--concurrency", given.concurrency, "files at a time")
      ->capture_default_str()
      ->check(CLI::Range(1U, 1'000U));
  options.add_option("--cafile", given.cafile, "the authorities to trust, in PEM; otherwise those of the system");
  read_command_line(options, argc, argv);
  return run_program(options, download_all(given));
}
