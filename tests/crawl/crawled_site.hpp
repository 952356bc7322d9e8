#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <http/running_server.hpp>
#include <io/temporary_directory.hpp>
#include <nlohmann/json.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/testing/ends_cancelled.hpp>

namespace hocket::testing {

struct page {
  std::string body;
  int status = 200;
  http::headers fields{{"Content-Type", "text/html"}};
};

inline page redirect(std::string_view location, int status = 302) { return {"", status, {{"Location", location}}}; }

inline http::reply html(std::string_view body) { return http::reply::html(std::string(body)); }

/// A site in memory that notes what was asked for. What it has not is 404.
class site {
 public:
  explicit site(std::map<std::string, page> pages)
      : pages_(std::move(pages)),
        server_([this](http::request& asked) -> coro<http::reply> { co_return answer(asked); }) {}

  [[nodiscard]] std::string url(std::string_view path = "/") const { return server_.url(path); }
  [[nodiscard]] const std::vector<std::string>& asked() const noexcept { return asked_; }
  [[nodiscard]] std::vector<std::string> asked_in_order_of_name() const {
    auto sorted = asked_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  void set(const std::string& path, page what) { pages_[path] = std::move(what); }
  coro<void> stop() { co_await server_.stop(); }

 private:
  http::reply answer(const http::request& asked) {
    asked_.emplace_back(asked.target());
    const auto found = pages_.find(asked_.back());
    const page missing{"not here", 404, {{"Content-Type", "text/plain"}}};
    const page what = found == pages_.end() ? missing : found->second;
    return {what.status, what.fields, what.body};
  }

  std::map<std::string, page> pages_;
  std::vector<std::string> asked_;
  running_server server_;
};

/// What a crawl left in its directory and told its observer.
struct crawled {
  std::map<std::string, nlohmann::json> pages;  // by URL
  std::set<std::string> links;                  // "source target"
  nlohmann::json summary;
  std::multiset<std::string> skipped;  // "url reason"
  std::vector<std::string> notes;
};

inline std::vector<std::string> lines_of(const std::string& path) {
  std::istringstream text(content_of(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

inline void read_directory(const std::string& folder, crawled& into) {
  const auto rows = lines_of(folder + "/links.tsv");
  EXPECT_FALSE(rows.empty());
  for (std::size_t n = 1; n < rows.size(); ++n) {
    std::string row = rows[n];
    EXPECT_EQ(std::count(row.begin(), row.end(), '\t'), 1) << row;
    std::replace(row.begin(), row.end(), '\t', ' ');
    EXPECT_TRUE(into.links.insert(row).second) << "twice: " << row;
  }
  for (const std::string& line : lines_of(folder + "/pages.jsonl")) {
    auto object = nlohmann::json::parse(line);
    const std::string where = object["url"];
    EXPECT_TRUE(into.pages.emplace(where, std::move(object)).second) << "twice: " << where;
  }
  into.summary = nlohmann::json::parse(content_of(folder + "/summary.json"));
}

// What robots.txt does to a crawl has tests of its own.
inline crawl::crawl_options from(std::initializer_list<std::string> seeds, crawl::crawl_options options = {}) {
  options.obey_robots = false;
  for (const std::string& seed : seeds) options.seeds.push_back(*hocket::url::parse(seed));
  return options;
}

inline crawl::crawl_hooks observe(crawled& into) {
  return {.on_skip = [&into](std::string_view where,
                             std::string_view why) { into.skipped.insert(fmt::format("{} {}", where, why)); },
          .on_note = [&into](const std::string& note) { into.notes.push_back(note); }};
}

inline coro<crawled> crawl_all(crawl::crawl_options options) {
  const temporary_directory folder;
  crawled result;
  auto out = co_await crawl::output::open(folder.path());
  crawl::crawler work(std::move(options), out, observe(result));
  co_await work.run();
  read_directory(folder.path(), result);
  co_return result;
}

struct interrupted_crawl : crawled {
  duration ending{};  // from the interruption to the end
};

/// The same of a crawl that is interrupted after so long.
inline coro<interrupted_crawl> interrupt_crawl(crawl::crawl_options options, duration after) {
  const temporary_directory folder;
  interrupted_crawl result;
  auto out = co_await crawl::output::open(folder.path());
  crawl::crawler work(std::move(options), out, observe(result));
  auto crawling = create_task(work.run());
  co_await sleep(after);
  const time_point begin = loop::running().time();
  crawling.cancel();
  EXPECT_TRUE(co_await ends_cancelled(crawling));
  result.ending = loop::running().time() - begin;
  read_directory(folder.path(), result);
  co_return result;
}

}  // namespace hocket::testing
