#include <cmath>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <hocket/crawl/summary.hpp>

namespace hocket::crawl {

static double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

static double rounded(double value) { return std::round(value * 1000) / 1000; }

std::string summary_json(const progress& final_state) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const double elapsed = std::chrono::duration<double>(final_state.elapsed).count();
  const std::uint64_t pages = final_state.pages - final_state.earlier_pages;  // of the run that took that time
  nlohmann::ordered_json summary;
  summary["pages"] = final_state.pages;
  summary["ok"] = final_state.ok;
  summary["failed"] = final_state.failed;
  summary["skipped"] = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : final_state.skipped) summary["skipped"][reason] = count;
  summary["links"] = final_state.links;
  summary["bytes"] = final_state.bytes;
  summary["seconds"] = rounded(elapsed);
  summary["pages_per_second"] = elapsed > 0 ? rounded(static_cast<double>(pages) / elapsed) : 0.0;
  summary["cpu_seconds"] = rounded(seconds(used.ru_utime) + seconds(used.ru_stime));
  summary["max_rss_bytes"] = used.ru_maxrss * 1024;
  return summary.dump(2) + "\n";
}

}  // namespace hocket::crawl
