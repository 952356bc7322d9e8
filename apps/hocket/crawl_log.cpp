#include "crawl_log.hpp"

#include <chrono>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/base/grouped.hpp>
#include <hocket/base/printable.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::app {

static constexpr std::size_t most_waiting_bytes = 64 * 1024 * 1024;

static std::string time_of_day() {
  const auto now = std::chrono::system_clock::now();
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                     milliseconds);
}

static std::string shown(std::string_view href) {
  if (href.find('@') == std::string_view::npos) return std::string(href);
  const auto parsed = url::parse(href);
  return parsed ? without_user(*parsed) : std::string(href);
}

static std::string as_text(const crawl::attempt_record& attempt) {
  return fmt::format("{} {} {} {} {} {} {}\n", time_of_day(), attempt.status, attempt.milliseconds, attempt.bytes,
                     attempt.attempt, shown(attempt.url), attempt.error.empty() ? "-" : printable(attempt.error));
}

static std::string as_json(const crawl::attempt_record& attempt) {
  nlohmann::ordered_json line;
  line["time"] = time_of_day();
  line["url"] = shown(attempt.url);
  if (attempt.final_url != attempt.url) line["final_url"] = shown(attempt.final_url);
  line["status"] = attempt.status;
  line["ms"] = attempt.milliseconds;
  line["bytes"] = attempt.bytes;
  line["attempt"] = attempt.attempt;
  line["retry"] = attempt.is_tried_again;
  line["error"] = attempt.error.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(attempt.error);
  return line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

coro<std::unique_ptr<crawl_log>> crawl_log::open(std::string path, log_format format,
                                                 std::function<void(const std::string&)> on_error) {
  const auto report = [on_error](const std::string& problem) { on_error("the log is not written: " + problem); };
  auto lines =
      co_await http::log_file::open(std::move(path), {.most_waiting_bytes = most_waiting_bytes, .on_error = report});
  co_return std::unique_ptr<crawl_log>(new crawl_log(std::move(lines), format, std::move(on_error)));
}

void crawl_log::add(const crawl::attempt_record& attempt) {
  lines_->write(format_ == log_format::json ? as_json(attempt) : as_text(attempt));
}

coro<void> crawl_log::close() {
  co_await lines_->close();
  if (lines_->lost() > 0) on_error_(fmt::format("{} lines of the log were lost", grouped(lines_->lost())));
}

}  // namespace hocket::app
