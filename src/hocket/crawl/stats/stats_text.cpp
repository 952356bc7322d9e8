#include <chrono>
#include <fstream>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>
#include <sys/resource.h>
#include <unistd.h>

#include <hocket/crawl/stats/stats_text.hpp>
#include <hocket/http/server/prometheus_text.hpp>

namespace hocket::crawl {
namespace {

constexpr std::size_t most_hosts_shown = 20;

double in_seconds(duration time) { return std::chrono::duration<double>(time).count(); }
double in_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::string name_of(int status) { return status == 0 ? "none" : std::to_string(status); }

nlohmann::ordered_json json_of(const std::vector<host_stats>& hosts) {
  auto list = nlohmann::ordered_json::array();
  for (const host_stats& each : hosts)
    list.push_back({{"host", each.host},
                    {"pages", each.pages},
                    {"failed", each.failed},
                    {"bytes", each.bytes},
                    {"ms", std::chrono::duration_cast<std::chrono::milliseconds>(each.latest).count()}});
  return list;
}

}  // namespace

process_usage process_usage::now() {
  process_usage used;
  std::uint64_t all_pages = 0;
  std::uint64_t resident_pages = 0;
  if (std::ifstream statm("/proc/self/statm"); statm >> all_pages >> resident_pages)
    used.resident_bytes = resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  rusage times{};
  ::getrusage(RUSAGE_SELF, &times);
  used.cpu_seconds = in_seconds(times.ru_utime) + in_seconds(times.ru_stime);
  return used;
}

std::string stats_metrics(const progress& now, const crawl_stats& counted, const process_usage& used) {
  http::prometheus_text page;
  page.begin("hocket_crawl_pages_total", "counter", "Pages that came to an end, by result.");
  page.add("result", "ok", now.ok);
  page.add("result", "failed", now.failed);
  page.begin("hocket_crawl_responses_total", "counter", "Pages of this run by status; none: there was no answer.");
  for (const auto& [status, count] : counted.by_status()) page.add("status", name_of(status), count);
  page.begin("hocket_crawl_skipped_total", "counter", "URLs that were seen and not fetched, by reason.");
  for (const auto& [reason, count] : now.skipped) page.add("reason", reason, count);
  page.begin("hocket_crawl_links_total", "counter", "Links that were found.");
  page.add(now.links);
  page.begin("hocket_crawl_page_bytes_total", "counter", "Bytes of pages.");
  page.add(now.bytes);
  page.begin("hocket_crawl_in_flight", "gauge", "Pages that are being fetched.");
  page.add(std::uint64_t{now.in_flight});
  page.begin("hocket_crawl_queued", "gauge", "URLs that wait.");
  page.add(std::uint64_t{now.queued});
  page.begin("hocket_crawl_hosts", "gauge", "Hosts that pages of this run came from.");
  page.add(std::uint64_t{counted.hosts()});
  page.add_histogram("hocket_crawl_page_duration_seconds", "What a page took, redirects included.", crawl_stats::bounds,
                     counted.durations(), counted.seconds());
  page.begin("hocket_crawl_elapsed_seconds", "gauge", "How long this run has taken.");
  page.add(in_seconds(now.elapsed));
  page.begin("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.");
  page.add(used.resident_bytes);
  page.begin("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.");
  page.add(used.cpu_seconds);
  return std::move(page).text();
}

std::string stats_json(const progress& now, const crawl_stats& counted, const process_usage& used) {
  nlohmann::ordered_json all;
  all["pages"] = now.pages;
  all["ok"] = now.ok;
  all["failed"] = now.failed;
  all["links"] = now.links;
  all["bytes"] = now.bytes;
  all["in_flight"] = now.in_flight;
  all["queued"] = now.queued;
  all["hosts"] = counted.hosts();
  all["seconds"] = in_seconds(now.elapsed);
  all["cpu_seconds"] = used.cpu_seconds;
  all["rss_bytes"] = used.resident_bytes;
  all["status"] = nlohmann::ordered_json::object();
  for (const auto& [status, count] : counted.by_status()) all["status"][name_of(status)] = count;
  all["skipped"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : now.skipped) all["skipped"][reason] = count;
  all["slowest"] = json_of(counted.slowest(most_hosts_shown));
  all["busiest"] = json_of(counted.busiest(most_hosts_shown));
  return all.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace hocket::crawl
