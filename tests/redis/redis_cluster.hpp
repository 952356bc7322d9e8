#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <redis/redis_ports.hpp>
#include <redis/redis_server.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/cluster_options.hpp>

namespace hocket::testing {

/// Six nodes on loopback, of which the first three are masters and each has one of the others as its replica.
class redis_cluster {
 public:
  static constexpr std::size_t masters = 3;

  /// One of the nodes, asked by its unix socket.
  struct node {
    redis_server server{};
    std::uint16_t port = unused_port();
    std::uint16_t bus = unused_port();
    std::string id{};
    std::unique_ptr<redis::client> admin{};
  };

  /// Waits until all agree that it is complete.
  [[nodiscard]] coro<void> start() {
    for (std::size_t n = 0; n < 2 * masters; ++n) {
      nodes_.push_back(std::make_unique<node>());
      co_await start_node(*nodes_.back());
    }
    for (std::size_t n = 0; n < nodes_.size(); ++n) {
      node& each = *nodes_[n];
      co_await each.admin->command<void>("CLUSTER", "SET-CONFIG-EPOCH", n + 1);
      if (n < masters) {
        const std::size_t first = n * 16384 / masters;
        const std::size_t last = (n + 1) * 16384 / masters - 1;
        co_await each.admin->command<void>("CLUSTER", "ADDSLOTSRANGE", first, last);
      }
      if (n > 0) co_await each.admin->command<void>("CLUSTER", "MEET", "127.0.0.1", nodes_[0]->port, nodes_[0]->bus);
    }
    for (const auto& each : nodes_) co_await until(*each, "cluster_known_nodes:6\r\n");
    for (std::size_t n = masters; n < nodes_.size(); ++n)
      co_await nodes_[n]->admin->command<void>("CLUSTER", "REPLICATE", nodes_[n - masters]->id);
    for (const auto& each : nodes_) co_await until_complete(*each);
  }

  [[nodiscard]] node& at(std::size_t n) noexcept { return *nodes_[n]; }
  [[nodiscard]] redis::client& admin(std::size_t n) noexcept { return *nodes_[n]->admin; }
  /// Any node is as good as the first.
  [[nodiscard]] redis::cluster_options options(std::size_t seed = 0) const {
    return {.seeds = {{.host = "127.0.0.1", .port = nodes_[seed]->port}}};
  }
  /// Who is a master now, of which slots it is.
  [[nodiscard]] coro<std::size_t> master_of(std::uint16_t slot, std::size_t as_seen_by) {
    const auto ranges = co_await admin(as_seen_by).command<std::vector<redis::reply>>("CLUSTER", "SLOTS");
    for (const redis::reply& each : ranges) {
      const auto& said = each.items();
      if (said[0].integer() > slot || said[1].integer() < slot) continue;
      for (std::size_t n = 0; n < nodes_.size(); ++n)
        if (nodes_[n]->port == said[2].items()[1].integer()) co_return n;
    }
    throw std::runtime_error("nobody has the slot");
  }
  void kill(std::size_t n) { nodes_[n]->server.kill(); }
  [[nodiscard]] coro<void> close() {
    for (const auto& each : nodes_) each->admin->abort();
    co_return;
  }

  /// Moves a slot with all its keys, as redis-cli does: one key after the other, with pauses, while others ask for them.
  [[nodiscard]] coro<void> migrate(std::uint16_t slot, std::size_t from, std::size_t to,
                                   std::chrono::milliseconds pause) {
    co_await admin(to).command<void>("CLUSTER", "SETSLOT", slot, "IMPORTING", at(from).id);
    co_await admin(from).command<void>("CLUSTER", "SETSLOT", slot, "MIGRATING", at(to).id);
    for (;;) {
      const auto keys = co_await admin(from).command<std::vector<std::string>>("CLUSTER", "GETKEYSINSLOT", slot, 1);
      if (keys.empty()) break;
      co_await admin(from).command<void>("MIGRATE", "127.0.0.1", at(to).port, "", 0, 5000, "KEYS", keys);
      co_await sleep(pause);
    }
    for (const std::size_t each : std::vector<std::size_t>{to, from, 3 - from - to})
      co_await admin(each).command<void>("CLUSTER", "SETSLOT", slot, "NODE", at(to).id);
  }

 private:
  static coro<void> start_node(node& made) {
    std::vector<std::string> options{"--port",
                                     std::to_string(made.port),
                                     "--bind",
                                     "127.0.0.1",
                                     "--cluster-enabled",
                                     "yes",
                                     "--cluster-port",
                                     std::to_string(made.bus),
                                     "--cluster-node-timeout",
                                     "1000",
                                     "--repl-diskless-sync-delay",
                                     "0",
                                     "--repl-ping-replica-period",
                                     "1",
                                     "--cluster-replica-validity-factor",
                                     "0"};
    co_await made.server.start(std::move(options));
    made.admin = std::make_unique<redis::client>(made.server.options());
    made.id = co_await made.admin->command<std::string>("CLUSTER", "MYID");
  }
  static coro<void> until(node& of, std::string part) {
    for (;;) {
      const auto said = co_await of.admin->command<std::string>("CLUSTER", "INFO");
      if (said.contains(part)) co_return;
      co_await sleep(std::chrono::milliseconds(10));
    }
  }
  // Three ranges, each with master and replica.
  static coro<void> until_complete(node& of) {
    for (;;) {
      const auto info = co_await of.admin->command<std::string>("CLUSTER", "INFO");
      const auto ranges = co_await of.admin->command<std::vector<redis::reply>>("CLUSTER", "SLOTS");
      bool is_complete = info.contains("cluster_state:ok") && ranges.size() == masters;
      for (const redis::reply& each : ranges) is_complete = is_complete && each.items().size() == 4;
      const auto replication = co_await of.admin->command<std::string>("INFO", "replication");
      is_complete = is_complete && !replication.contains("master_link_status:down");
      if (is_complete) co_return;
      co_await sleep(std::chrono::milliseconds(10));
    }
  }

  std::vector<std::unique_ptr<node>> nodes_;
};

}  // namespace hocket::testing
