// Each question opens a connection to a sentinel, and closes it: questions are as rare as lost connections. Whoever has answered is asked first from then on.

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/redis/detail/connection.hpp>
#include <hocket/redis/redis_error.hpp>
#include <hocket/redis/sentinel.hpp>

namespace hocket::redis {

namespace detail {

class sentinel_core {
 public:
  explicit sentinel_core(sentinel_options options) : options_(std::move(options)) {
    if (options_.sentinels.empty()) throw std::invalid_argument("no sentinel of Redis was named");
  }

  // Whoever calls these keeps the object until they have ended.

  coro<node_address> master(std::string name) {
    const request what("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name);
    const reply found = co_await ask_first(what, name);
    co_return address_of(found.as<std::pair<std::string, std::uint16_t>>());
  }

  coro<std::vector<node_address>> slaves(std::string name) {
    const request what("SENTINEL", "REPLICAS", name);
    const reply found = co_await ask_first(what, name);
    std::vector<node_address> alive;
    for (auto& each : found.as<std::vector<std::unordered_map<std::string, std::string>>>()) {
      const std::string& flags = each["flags"];
      if (flags.contains("down") || flags.contains("disconnected") || each["master-link-status"] != "ok") continue;
      alive.push_back(address_of({each["ip"], reply(reply_kind::bulk_string, each["port"]).as<std::uint16_t>()}));
    }
    co_return alive;
  }

  [[nodiscard]] std::size_t next_turn() noexcept { return turn_++; }

 private:
  static node_address address_of(std::pair<std::string, std::uint16_t> said) {
    return {.host = std::move(said.first), .port = said.second};
  }

  // The first answer that is one: not nil, no error.
  coro<reply> ask_first(const request& what, const std::string& name) {
    std::string why = "none of them has heard of it";
    const std::vector<node_address> all = options_.sentinels;
    for (const node_address& each : all) {
      auto answered = co_await as_result(ask_one(each, what));
      if (!answered && is_cancelled(answered.error())) throw cancelled{};
      if (answered && !answered->is_nil()) {
        const auto place = std::ranges::find(options_.sentinels, each);
        std::rotate(options_.sentinels.begin(), place, place + 1);
        co_return std::move(*answered);
      }
      if (!answered) why = what_of(answered.error());
    }
    throw not_connected(fmt::format("no sentinel knows where '{}' of Redis is: {}", name, why));
  }

  coro<reply> ask_one(node_address where, const request& what) {
    client_options options = options_.node;
    options.host = where.host;
    options.port = where.port;
    options.unix_socket.clear();
    options.endpoint = nullptr;
    options.connect_timeout = options_.timeout;
    const auto made = co_await connection::open(options);
    auto answered = co_await as_result(with_timeout(delay(options_.timeout), made->ask(what)));
    made->abort();
    if (!answered) std::rethrow_exception(answered.error());
    answered->raise_for_error();
    co_return std::move(*answered);
  }

  sentinel_options options_;  // the sentinels in the order in which they are asked
  std::size_t turn_ = 0;
};

}  // namespace detail

namespace {

using core_pointer = std::shared_ptr<detail::sentinel_core>;

class endpoint_of_service final : public endpoint {
 public:
  endpoint_of_service(core_pointer core, std::string service, bool is_slave, const client_options& options)
      : core_(std::move(core)), service_(std::move(service)), is_slave_(is_slave), options_(options) {}

  coro<byte_stream> connect() override {
    std::optional<node_address> found;
    if (is_slave_) {
      const auto alive = co_await core_->slaves(service_);
      if (!alive.empty()) found = alive[core_->next_turn() % alive.size()];
    }
    role_ = found ? "slave" : "master";
    if (!found) found = co_await core_->master(service_);
    client_options there = options_;
    there.endpoint = nullptr;
    there.unix_socket.clear();
    there.host = found->host;
    there.port = found->port;
    co_return co_await detail::reach(there);
  }

  [[nodiscard]] std::string name() const override {
    return fmt::format("{} '{}'", is_slave_ ? "a replica of" : "the master", service_);
  }
  [[nodiscard]] std::string role() const override { return role_; }

 private:
  core_pointer core_;
  std::string service_;
  bool is_slave_;
  client_options options_;
  std::string role_;  // that the last connection should have
};

client_options options_of(const core_pointer& core, std::string name, client_options others, bool is_slave) {
  others.endpoint = std::make_shared<endpoint_of_service>(core, std::move(name), is_slave, others);
  return others;
}

coro<node_address> find_master(core_pointer core, std::string name) {
  co_return co_await core->master(std::move(name));
}

coro<std::vector<node_address>> find_slaves(core_pointer core, std::string name) {
  co_return co_await core->slaves(std::move(name));
}

}  // namespace

sentinel::sentinel(sentinel_options options) : core_(std::make_shared<detail::sentinel_core>(std::move(options))) {}

client sentinel::master_for(std::string name, client_options others) const {
  return client(options_of_master(std::move(name), std::move(others)));
}

client sentinel::slave_for(std::string name, client_options others) const {
  return client(options_of_slave(std::move(name), std::move(others)));
}

client_options sentinel::options_of_master(std::string name, client_options others) const {
  return options_of(core_, std::move(name), std::move(others), false);
}

client_options sentinel::options_of_slave(std::string name, client_options others) const {
  return options_of(core_, std::move(name), std::move(others), true);
}

coro<node_address> sentinel::discover_master(std::string name) { return find_master(core_, std::move(name)); }

coro<std::vector<node_address>> sentinel::discover_slaves(std::string name) {
  return find_slaves(core_, std::move(name));
}

}  // namespace hocket::redis
