#include "crawl_status.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/base/grouped.hpp>

#include "short_figures.hpp"

namespace hocket::app {
namespace {

constexpr std::size_t most_hosts = 10;

std::uint64_t count_of(const crawl::shared_crawl& crawl, const std::string& name) {
  const auto found = crawl.counts.find(name);
  return found == crawl.counts.end() ? 0 : found->second;
}

double rate_of(const watched_crawl& crawl, const std::string& name) {
  const double seconds = std::chrono::duration<double>(crawl.passed).count();
  const auto more = count_of(crawl.now, name) - count_of(crawl.before, name);
  return seconds > 0 ? static_cast<double>(more) / seconds : 0;
}

nlohmann::json about(const crawl::shared_worker& worker) {
  auto found = nlohmann::json::parse(worker.about, nullptr, false);
  return found.is_object() ? found : nlohmann::json::object();
}

std::uint64_t number_in(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::uint64_t pages_of(const crawl::shared_crawl& crawl, const std::string& worker) {
  const auto found = std::ranges::find(crawl.workers, worker, &crawl::shared_worker::id);
  return found == crawl.workers.end() ? 0 : number_in(about(*found), "pages");
}

std::map<std::string, std::size_t, std::less<>> partitions_by_worker(const crawl::shared_crawl& crawl) {
  std::map<std::string, std::size_t, std::less<>> counts;
  for (const auto& each : crawl.partitions)
    if (!each.owner.empty()) ++counts[each.owner.substr(0, each.owner.rfind(':'))];
  return counts;
}

struct slow_host {
  std::string name{};
  std::chrono::milliseconds page{};
  std::uint64_t pages = 0;
};

// What all workers say, the slowest first. A host that has changed hands is there once: as the worker has it that has asked it more often.
std::vector<slow_host> slow_hosts_of(const crawl::shared_crawl& crawl) {
  std::map<std::string, slow_host> by_name;
  for (const auto& worker : crawl.workers) {
    const auto said = about(worker);
    const auto slow = said.find("slow");
    if (slow == said.end() || !slow->is_array()) continue;
    for (const auto& each : *slow) {
      if (!each.is_object() || !each.contains("name") || !each["name"].is_string()) continue;
      slow_host found{each["name"].get<std::string>(),
                      std::chrono::milliseconds(static_cast<std::int64_t>(number_in(each, "ms"))),
                      number_in(each, "pages")};
      slow_host& known = by_name[found.name];
      if (found.pages > known.pages) known = found;
    }
  }
  std::vector<slow_host> all;
  for (auto& [name, each] : by_name) all.push_back(std::move(each));
  std::ranges::stable_sort(all, std::ranges::greater(), &slow_host::page);
  if (all.size() > most_hosts) all.resize(most_hosts);
  return all;
}

struct sums {
  std::uint64_t taken = 0;
  std::uint64_t aside = 0;
  std::uint64_t seen = 0;
};

sums sums_of(const crawl::shared_crawl& crawl) {
  sums all;
  for (const auto& each : crawl.partitions) {
    all.taken += each.taken;
    all.aside += each.aside;
    all.seen += each.seen;
  }
  return all;
}

}  // namespace

std::vector<std::string> status_lines(const watched_crawl& crawl) {
  const crawl::shared_crawl& now = crawl.now;
  const sums all = sums_of(now);
  const std::uint64_t open = count_of(now, "open");
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{} pages ({} failed), {} pages/s; {} seen, {} open, {} of them at workers, {} aside{}",
                              grouped(count_of(now, "pages")), grouped(count_of(now, "failed")),
                              short_count(rate_of(crawl, "pages")), grouped(all.seen), grouped(open),
                              grouped(all.taken), grouped(all.aside),
                              now.is_paused ? "; paused"
                              : open == 0   ? "; ended"
                                            : ""));
  const auto partitions = partitions_by_worker(now);
  const double seconds = std::max(0.001, std::chrono::duration<double>(crawl.passed).count());
  if (!now.workers.empty())
    lines.push_back(fmt::format("{:<40} {:>10} {:>10} {:>8} {:>8} {:>8}", "worker", "partitions", "pages", "pages/s",
                                "open", "heard"));
  for (const auto& each : now.workers) {
    const auto said = about(each);
    const auto found = partitions.find(each.id);
    const std::uint64_t pages = number_in(said, "pages");
    const std::uint64_t before = std::min(pages, pages_of(crawl.before, each.id));
    lines.push_back(fmt::format("{:<40} {:>10} {:>10} {:>8} {:>8} {:>8}{}", each.id,
                                found == partitions.end() ? 0 : found->second, grouped(pages),
                                short_count(static_cast<double>(pages - before) / seconds), number_in(said, "held"),
                                short_time(each.silent), each.is_draining ? " draining" : ""));
  }
  for (const auto& [worker, count] : now.spilled)
    lines.push_back(
        fmt::format("{} URLs are in the file of {}{}", grouped(count), worker,
                    now.has_worker(worker) ? "" : ", which is gone: start a worker with its --out, or see 'drop'"));
  if (!now.hosts.empty()) lines.push_back("URLs that wait, by host:");
  for (std::size_t n = 0; n < std::min(most_hosts, now.hosts.size()); ++n)
    lines.push_back(fmt::format("{:<40} {:>10}", now.hosts[n].name, grouped(now.hosts[n].waiting)));
  const auto slow = slow_hosts_of(now);
  if (!slow.empty()) lines.emplace_back("Slowest hosts, by what a page of late takes:");
  for (const slow_host& each : slow)
    lines.push_back(fmt::format("{:<40} {:>10} {:>10} pages", each.name, short_time(each.page), grouped(each.pages)));
  return lines;
}

std::string status_json(const watched_crawl& crawl) {
  const crawl::shared_crawl& now = crawl.now;
  nlohmann::ordered_json all;
  for (const auto& [name, count] : now.counts)
    if (!std::string_view(name).starts_with("skipped:")) all[name] = count;
  all["pages_per_second"] = rate_of(crawl, "pages");
  all["bytes_per_second"] = rate_of(crawl, "bytes");
  all["paused"] = now.is_paused;
  all["settings"] = now.settings;
  all["skipped"] = nlohmann::ordered_json::object();
  for (const auto& [name, count] : now.counts)
    if (std::string_view(name).starts_with("skipped:")) all["skipped"][name.substr(8)] = count;
  all["workers"] = nlohmann::ordered_json::array();
  for (const auto& each : now.workers)
    all["workers"].push_back(
        {{"id", each.id}, {"silent_ms", each.silent.count()}, {"draining", each.is_draining}, {"about", about(each)}});
  all["partitions"] = nlohmann::ordered_json::array();
  for (const auto& each : now.partitions)
    all["partitions"].push_back({{"number", each.number},
                                 {"open", each.open},
                                 {"taken", each.taken},
                                 {"aside", each.aside},
                                 {"seen", each.seen},
                                 {"owner", each.owner.substr(0, each.owner.rfind(':'))},
                                 {"lease_left_ms", each.lease_left.count()}});
  all["spilled"] = nlohmann::ordered_json::object();
  for (const auto& [worker, count] : now.spilled) all["spilled"][worker] = count;
  all["hosts"] = nlohmann::ordered_json::array();
  for (const auto& each : now.hosts) all["hosts"].push_back({{"name", each.name}, {"waiting", each.waiting}});
  all["slow_hosts"] = nlohmann::ordered_json::array();
  for (const slow_host& each : slow_hosts_of(now))
    all["slow_hosts"].push_back({{"name", each.name}, {"ms", each.page.count()}, {"pages", each.pages}});
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace hocket::app
