#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include <hocket/crawl_redis/crawl_control.hpp>
#include <hocket/crawl_redis/detail/crawl_store.hpp>
#include <hocket/crawl_redis/detail/lua_script.hpp>
#include <hocket/crawl_redis/detail/scripts.hpp>
#include <hocket/redis/client.hpp>

namespace hocket::crawl {
namespace {

template <class Number>
Number number_in(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

shared_partition partition_of(const std::vector<redis::reply>& words) {
  return {.number = number_in<unsigned>(words.at(0).text()),
          .open = number_in<std::uint64_t>(words.at(1).text()),
          .taken = static_cast<std::uint64_t>(words.at(2).integer()),
          .aside = static_cast<std::uint64_t>(words.at(3).integer()),
          .seen = number_in<std::uint64_t>(words.at(4).text()),
          .owner = words.at(5).text(),
          .lease_left = std::chrono::milliseconds(number_in<std::int64_t>(words.at(6).text()))};
}

}  // namespace

bool shared_crawl::has_worker(std::string_view id) const noexcept {
  return std::ranges::find(workers, id, &shared_worker::id) != workers.end();
}

struct crawl_control::parts {
  parts(redis::client_options options, std::string_view name)
      : store(std::move(options)),
        prefix(detail::key_prefix(name)),
        status(detail::scripts::status),
        drop(detail::scripts::drop) {}

  redis::client store;
  std::string prefix;
  detail::lua_script status;
  detail::lua_script drop;
};

crawl_control::crawl_control(redis::client_options options, std::string name)
    : parts_(std::make_unique<parts>(std::move(options), name)) {}

crawl_control::~crawl_control() = default;

coro<std::optional<shared_crawl>> crawl_control::look() {
  const redis::reply answer = co_await parts_->status.run(parts_->store, parts_->prefix, std::vector<std::string>());
  const auto& all = answer.items();
  const auto& state = all.at(0).items();
  if (state.empty()) co_return std::nullopt;
  shared_crawl found;
  for (std::size_t n = 0; n + 1 < state.size(); n += 2) {
    const std::string& name = state[n].text();
    if (name == "settings")
      found.settings = state[n + 1].text();
    else if (name == "paused")
      found.is_paused = state[n + 1].text() == "1";
    else if (name != "seed" && name != "by_level")
      found.counts.emplace(name, number_in<std::uint64_t>(state[n + 1].text()));
  }
  for (const redis::reply& each : all.at(1).items()) {
    const auto& words = each.items();
    found.workers.push_back({.id = words.at(0).text(),
                             .silent = std::chrono::milliseconds(number_in<std::int64_t>(words.at(1).text())),
                             .about = words.at(2).text(),
                             .is_draining = words.at(3).integer() != 0});
  }
  for (const redis::reply& each : all.at(2).items()) found.partitions.push_back(partition_of(each.items()));
  std::ranges::sort(found.partitions, {}, &shared_partition::number);
  for (const redis::reply& each : all.at(3).items()) {
    const auto& words = each.items();
    found.hosts.push_back({words.at(0).text(), static_cast<std::uint64_t>(words.at(1).integer())});
  }
  std::ranges::sort(found.hosts, std::ranges::greater(), &shared_host::waiting);
  const auto& spilled = all.at(4).items();
  for (std::size_t n = 0; n + 1 < spilled.size(); n += 2)
    if (const auto count = number_in<std::uint64_t>(spilled[n + 1].text()); count > 0)
      found.spilled.emplace(spilled[n].text(), count);
  co_return found;
}

coro<void> crawl_control::pause(bool is_paused) {
  const std::string state = parts_->prefix + "state";
  static_cast<void>(co_await parts_->store.hset(state, "paused", is_paused ? "1" : "0"));
}

coro<bool> crawl_control::drain(std::string worker) {
  const std::string workers = parts_->prefix + "workers";
  if (!co_await parts_->store.zscore(workers, worker)) co_return false;
  const std::string drain = parts_->prefix + "drain";
  static_cast<void>(co_await parts_->store.hset(drain, worker, "1"));
  co_return true;
}

coro<std::optional<std::uint64_t>> crawl_control::drop_spill(std::string worker) {
  std::vector<std::string> args;
  args.push_back(std::move(worker));
  const redis::reply answer = co_await parts_->drop.run(parts_->store, parts_->prefix, std::move(args));
  if (answer.integer() < 0) co_return std::nullopt;
  co_return static_cast<std::uint64_t>(answer.integer());
}

coro<void> crawl_control::close() { co_await parts_->store.close(); }

}  // namespace hocket::crawl
