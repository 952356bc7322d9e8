#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/base/attributes.hpp>
#include <hocket/core/async_generator.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/redis/client.hpp>
#include <hocket/redis/cluster_options.hpp>
#include <hocket/redis/commands.hpp>
#include <hocket/redis/reply.hpp>
#include <hocket/redis/reply_conversion.hpp>
#include <hocket/redis/request.hpp>
#include <hocket/redis/scan.hpp>

namespace hocket::redis {

namespace detail {
class cluster_core;
}

/// A client of a cluster of Redis: to each node one connection, which all tasks share.
///
///     redis::cluster store("redis://10.0.0.1:7000");
///     co_await store.set("greeting", "hello");
///     redis::cluster_pipeline many(store);
///     many.set("{user7}.name", "Ann").incr("{user7}.visits").get("greeting");
///     const auto answers = co_await many.execute();
///
/// A command goes to the node that has the slot of its keys (`key_slot`), wherever that moves: MOVED and ASK are followed. One that no node can take at the time (its master is gone
/// and no replica has become it, its slot is nobody's, its keys are on the move) is tried again for `command_timeout`. Keys of several slots in one command are a
/// `cross_slot_error`. Commands without a key go to any master; FLUSHDB, FLUSHALL, SCRIPT, FUNCTION and CONFIG to all, and so do DBSIZE, whose answers are
/// added, and KEYS, whose answers are put together.
///
/// What was sent to a node that was lost before it answered fails with `connection_lost`, as a client's does, unless it is idempotent. A replica that becomes the master may not have heard
/// of the last writes, although they were answered: Redis does not promise more.
///
/// Commands of one task to one slot arrive in the order in which it awaited their answers; of those that are under way at the same time nothing is promised while their slot moves.
/// Belongs to its loop's thread, and must not outlive it. Destroying it aborts. Counterpart: redis.asyncio.RedisCluster.
class cluster : public commands<cluster> {
 public:
  /// Throws std::invalid_argument of a database other than 0.
  explicit cluster(cluster_options options);
  /// See `options_from_url`; the server there is the seed.
  explicit cluster(std::string_view url, cluster_options others = {});
  cluster(cluster&&) noexcept = default;
  cluster& operator=(cluster&&) = delete;
  ~cluster();

  /// Any command with any arguments (see `request`). Where the keys of a command are that hocket does not know a server is asked once. Throws what a `call` throws, `cross_slot_error`; std::invalid_argument of
  /// what would change the connection (MULTI, WATCH, SUBSCRIBE, SELECT).
  template <class T = reply, class... Words>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> command(std::string_view name, const Words&... words) {
    return run<T>(core_, request(name, words...));
  }
  template <class T = reply>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> execute(request what) {
    return run<T>(core_, std::move(what));
  }
  /// All of them, those for one node in one send; their answers in order, errors too. Those to different nodes are run at the same time. If one cannot be answered (`connection_lost`, `timeout_error`) that is thrown, and others may
  /// have been run. std::invalid_argument of what goes to all nodes.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::vector<reply>> execute(std::vector<request> what);

  /// A client of the node that is now the master of the key's slot, for what needs one connection: transactions, sessions, what blocks (`blpop`). Its server's MOVED is an error there. It is shared with the cluster, and
  /// open while the cluster is.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::shared_ptr<client>> client_for(std::string_view key);
  /// One of each master.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::vector<std::shared_ptr<client>>> masters();
  /// Options of a `client` or `subscriber` of its own that is connected to the master of the key's slot, wherever that goes. With a channel as the key it is how to listen to that of a shard:
  ///
  ///     redis::subscriber news(store.options_for("news"));
  ///     co_await news.ssubscribe({"news"});
  ///
  /// All channels of one subscriber must be in one slot. What is no channel of a shard may be listened to at any node. They keep what the cluster knows alive, and fail with `client_closed` once it is closed.
  [[nodiscard]] client_options options_for(std::string_view key) const;

  /// Takes no more commands (`client_closed`), and closes each node's client as that does. What is tried again meanwhile fails.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<void> close();
  /// The same at once.
  void abort() noexcept;

  [[nodiscard]] const cluster_options& options() const noexcept;

  /// What `commands` make of theirs.
  template <class T>
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<T> issue(request what) {
    return run<T>(core_, std::move(what));
  }

 private:
  static coro<reply> ask(std::shared_ptr<detail::cluster_core> core, request what);

  template <class T>
  static coro<T> run(std::shared_ptr<detail::cluster_core> core, request what) {
    reply answer = co_await ask(std::move(core), std::move(what));
    answer.raise_for_error();
    co_return reply_conversion<T>::from(std::move(answer));
  }

  std::shared_ptr<detail::cluster_core> core_;
};

/// Commands that are gathered and leave together, for each node in one send.
/// Counterpart: redis.asyncio.cluster.ClusterPipeline.
class cluster_pipeline : public commands<cluster_pipeline> {
 public:
  /// The cluster must outlive it.
  explicit cluster_pipeline(cluster& by) noexcept : cluster_(&by) {}

  template <class... Words>
  cluster_pipeline& command(std::string_view name, const Words&... words) {
    return add(request(name, words...));
  }
  cluster_pipeline& add(request what) {
    requests_.push_back(std::move(what));
    return *this;
  }
  [[nodiscard]] std::size_t size() const noexcept { return requests_.size(); }
  [[nodiscard]] bool empty() const noexcept { return requests_.empty(); }
  void clear() noexcept { requests_.clear(); }

  /// `cluster::execute` of them. Afterwards it is empty.
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::vector<reply>> execute() {
    return cluster_->execute(std::exchange(requests_, {}));
  }

  /// What `commands` make of theirs.
  template <class T>
  cluster_pipeline& issue(request what) {
    return add(std::move(what));
  }

 private:
  cluster* cluster_;
  std::vector<request> requests_;
};

/// The keys of all masters, one after the other. Those of a slot that moves meanwhile may come twice, or not at all. The cluster must outlive it.
[[nodiscard]] async_generator<std::string> scan(cluster& by, scan_options options = {});

}  // namespace hocket::redis
