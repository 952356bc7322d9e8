#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/client_options.hpp>
#include <hocket/redis/node_address.hpp>

namespace hocket::redis {

namespace detail {
class sentinel_core;
}

struct sentinel_options {
  std::vector<node_address> sentinels{};
  /// How the sentinels are spoken to, who may have passwords of their own: all but where they are.
  client_options node{};
  /// For one sentinel to answer in, connecting included; then the next is asked.
  duration timeout = std::chrono::seconds(2);
};

/// Sentinels, who watch over masters and their replicas and know which server is the master now.
///
///     redis::sentinel watchers({.sentinels = {{"10.0.0.1", 26379}, {"10.0.0.2", 26379}, {"10.0.0.3", 26379}}});
///     redis::client store = watchers.master_for("orders", {.password = "secret", .connect_attempts = 30});
///     co_await store.set("greeting", "hello");
///
/// A client of a master asks them for each connection, and takes only a server that says itself that it is one (ROLE). So when its connection is lost (sentinels end those to a
/// server that they have made a replica) it finds the new master; `connect_attempts` and `pause` say how long a command waits for there to be one. Clients may outlive
/// this object. Counterpart: redis.asyncio.sentinel.Sentinel. Source: https://redis.io/docs/latest/develop/reference/sentinel-clients/.
class sentinel {
 public:
  /// Throws std::invalid_argument if there are none.
  explicit sentinel(sentinel_options options);

  /// A client of the master of that name, whatever server that is; `others` says all but where.
  [[nodiscard]] client master_for(std::string name, client_options others = {}) const;
  /// A client of one of its replicas, another with each connection; of the master, while there is none.
  [[nodiscard]] client slave_for(std::string name, client_options others = {}) const;

  // The same for a `session` or `subscriber`.
  [[nodiscard]] client_options options_of_master(std::string name, client_options others = {}) const;
  [[nodiscard]] client_options options_of_slave(std::string name, client_options others = {}) const;

  /// Where the first sentinel that answers says that the master is. Throws `not_connected` if none knows it; `cancelled`.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<node_address> discover_master(std::string name);
  /// The replicas that are thought to be alive and to hear from their master; perhaps none.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::vector<node_address>> discover_slaves(std::string name);

 private:
  std::shared_ptr<detail::sentinel_core> core_;
};

}  // namespace hocket::redis
