#include <vector>

#include <hocket/redis/scan.hpp>

namespace hocket::redis {
namespace {

template <class Found>
using step = std::pair<std::string, Found>;  // where to go on, and what was found

request step_of(std::string_view command, const std::string& key, const std::string& cursor,
                const scan_options& options) {
  request made(command);
  if (command != "SCAN") made.add(key);
  made.add(cursor);
  if (!options.match.empty()) made.add("MATCH", options.match);
  if (options.count > 0) made.add("COUNT", options.count);
  if (command == "SCAN" && !options.type.empty()) made.add("TYPE", options.type);
  return std::move(made).idempotent();
}

template <class Item>
async_generator<Item> scan_all(client& by, std::string_view command, std::string key, scan_options options) {
  std::string cursor = "0";
  do {
    auto [next, found] = co_await by.execute<step<std::vector<Item>>>(step_of(command, key, cursor, options));
    for (Item& each : found) co_yield std::move(each);
    cursor = std::move(next);
  } while (cursor != "0");
}

}  // namespace

async_generator<std::string> scan(client& by, scan_options options) {
  return scan_all<std::string>(by, "SCAN", "", std::move(options));
}

async_generator<std::pair<std::string, std::string>> hscan(client& by, std::string key, scan_options options) {
  return scan_all<std::pair<std::string, std::string>>(by, "HSCAN", std::move(key), std::move(options));
}

async_generator<std::string> sscan(client& by, std::string key, scan_options options) {
  return scan_all<std::string>(by, "SSCAN", std::move(key), std::move(options));
}

async_generator<std::pair<std::string, double>> zscan(client& by, std::string key, scan_options options) {
  return scan_all<std::pair<std::string, double>>(by, "ZSCAN", std::move(key), std::move(options));
}

}  // namespace hocket::redis
