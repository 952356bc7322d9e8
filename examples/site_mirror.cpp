// Copies a site into a folder, along the links of its pages: what is at /a/b.html goes to FOLDER/a/b.html, what is at /a/ to
// FOLDER/a/index.html; where there is something below /a as well, what is at /a itself goes there, too. Of several different pages for
// one file, as /a and /a/ may be, that with the slash is kept, and the others are told. Pages stay as they are, their links too:
// `hocket serve FOLDER` shows the copy. Other hosts, and what has a query, are left out; so are pictures and style sheets, which are no links.
// Run: site_mirror URL FOLDER [--depth N] [--concurrency N]
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <hocket/crawl/page_links.hpp>
#include <hocket/http.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/server/static_path.hpp>
#include <hocket/url/without_user.hpp>

#include "program.hpp"

namespace http = hocket::http;

struct arguments {
  std::string url, folder;
  unsigned depth = 5;
  std::size_t concurrency = 4;
};

class mirror {
 public:
  mirror(hocket::url start, const arguments& given)
      : start_(std::move(start)), given_(given), free_(given.concurrency) {}

  hocket::coro<void> run() {
    co_await hocket::makedirs(given_.folder, {.exist_ok = true});
    auto unfinished =
        co_await hocket::temporary_directory::make({.directory = given_.folder, .prefix = ".site_mirror-"});
    unfinished_ = unfinished.path();
    co_await copy_all();
    co_await unfinished.remove();
    fmt::print("{} copied, {} failed\n", copied_, failed_);
    if (failed_ > 0) throw std::runtime_error(fmt::format("{} could not be copied", failed_));
  }

 private:
  hocket::coro<void> copy_all() {
    note(start_);
    for (unsigned depth = 0; depth <= given_.depth && !next_.empty(); ++depth) {
      std::vector<hocket::coro<void>> copies;
      for (auto& each : std::exchange(next_, {})) copies.push_back(copy(std::move(each)));
      co_await hocket::gather(std::move(copies));
    }
  }

  void note(const hocket::url& link) {
    const auto target = link.without_fragment();
    if (target.origin() != start_.origin() || target.has_query()) return;
    if (known_.insert(target.href()).second) next_.push_back(target);
  }

  /// Below the folder. Nothing outside of it has such a name: no `..`, no slash in disguise.
  static std::string name_for(const hocket::url& page) {
    const auto path = http::static_path(page.path());
    if (!path) throw std::runtime_error("its path is no name for a file");
    const bool is_folder = path->empty() || path->ends_with('/');
    return *path + (is_folder ? "index.html" : "");
  }

  /// Moves a file that is complete to its place, unless a page that has more right to it is there.
  hocket::coro<void> place(std::string file, std::string name, std::string page) {
    const auto mine = co_await placing_.scoped_lock();
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
      co_await make_folder(given_.folder + "/" + name.substr(0, slash));
    std::string path = given_.folder + "/" + name;
    if (co_await is_folder(path)) path += "/index.html";
    const auto [there, is_new] = pages_.try_emplace(path, page);
    if (!is_new && !co_await are_equal(path, file)) {
      const bool has_more_right = right_of(page) > right_of(there->second);
      if (has_more_right) {
        std::swap(page, there->second);
        --copied_;
      }
      fail(page, fmt::format("{} has its place", there->second));
      if (!has_more_right) co_return;
    }
    co_await hocket::rename(file, path);
    ++copied_;
  }

  /// To be the index of a folder.
  static int right_of(const std::string& page) {
    return page.ends_with('/') ? 2 : page.ends_with("/index.html") ? 1 : 0;
  }

  static hocket::coro<bool> are_equal(std::string one, std::string other) {
    const std::string content = co_await hocket::read_file(one);
    co_return content == co_await hocket::read_file(other);
  }

  void fail(const std::string& page, const std::string& why) {
    ++failed_;
    fmt::print(stderr, "site_mirror: {}: {}\n", page, why);
  }

  /// A page that is there becomes the index of the folder.
  hocket::coro<void> make_folder(std::string path) {
    if (co_await is_folder(path)) co_return;
    const std::string aside = unfinished_ + "/index.html";
    const bool was_page = co_await hocket::exists(path);
    if (was_page) co_await hocket::rename(path, aside);
    co_await hocket::mkdir(path);
    if (!was_page) co_return;
    co_await hocket::rename(aside, path + "/index.html");
    if (auto moved = pages_.extract(path); !moved.empty()) {
      moved.key() += "/index.html";
      pages_.insert(std::move(moved));
    }
  }

  static hocket::coro<bool> is_folder(std::string path) {
    const auto there = co_await hocket::as_expected(hocket::stat(path));
    co_return there && there->is_directory();
  }

  hocket::coro<void> copy(hocket::url page) {
    const auto permit = co_await free_.scoped_acquire();
    try {
      auto answer = co_await web_.get(page, {.max_redirects = 0});
      answer.raise_for_status();
      const auto elsewhere = hocket::url::parse(answer.headers().get("Location").value_or(""), page);
      if (answer.status() >= 300) {
        if (elsewhere) note(*elsewhere);
        co_return;
      }
      const std::string name = name_for(page);
      const std::string file = fmt::format("{}/{}", unfinished_, ++files_);
      const auto type = http::parse_media_type(answer.headers().get("Content-Type").value_or(""));
      if (type.essence == "text/html") {
        const std::string html = co_await answer.read();
        co_await hocket::write_file(file, html);
        hocket::crawl::page_links links;
        links.begin(type.charset);
        links.feed(html);
        for (const auto& link : links.finish(page)) note(link.url);
      } else {
        co_await answer.save_to(file);
      }
      co_await place(file, name, hocket::without_user(page));
    } catch (const std::exception& problem) {
      fail(hocket::without_user(page), problem.what());
    }
  }

  hocket::url start_;
  const arguments& given_;
  hocket::semaphore free_;
  http::session web_;
  std::set<std::string> known_;
  std::map<std::string, std::string> pages_;  // by the file that holds each
  std::vector<hocket::url> next_;
  hocket::lock placing_;
  std::string unfinished_;  // a folder for what is being written
  std::size_t files_ = 0, copied_ = 0, failed_ = 0;
};

hocket::coro<void> copy_site(arguments given) {
  auto start = hocket::url::parse(given.url);
  if (!start || !start->has_host())
    throw std::runtime_error(fmt::format("'{}' is no URL of a site", hocket::without_user(given.url)));
  mirror site(std::move(*start), given);
  co_await site.run();
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Copies a site into a folder.", "site_mirror");
  options.add_option("URL", given.url, "where to begin")->required();
  options.add_option("FOLDER", given.folder, "where to")->required();
  options.add_option("--depth", given.depth, "links away from there")->capture_default_str();
  options.add_option("--concurrency", given.concurrency, "requests at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 100));
  read_command_line(options, argc, argv);
  return run_program(options, copy_site(given));
}
