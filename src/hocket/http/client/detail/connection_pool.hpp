#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <hocket/base/intrusive_list.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/coro.hpp>
#include <hocket/http/client/detail/carrier.hpp>
#include <hocket/http/client/detail/changeable_slots.hpp>
#include <hocket/http/client/detail/connector.hpp>
#include <hocket/http/client/detail/h1_connection.hpp>
#include <hocket/http/client/detail/h2_client_connection.hpp>
#include <hocket/http/client/detail/route.hpp>
#include <hocket/http/client/session_options.hpp>
#include <hocket/http/upgraded_stream.hpp>
#include <hocket/loop/handle.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/semaphore.hpp>

namespace hocket::http::detail {

/// Where connections lead: who may use one, those that rest, and the one that is shared.
struct destination {
  /// What it speaks, as far as is known.
  enum class protocol : unsigned char { unknown, http1, http2 };

  destination(std::string key, std::size_t limit) : key(std::move(key)), slots(limit) {}
  std::string key;
  changeable_slots slots;                            // of connections of HTTP/1.1, of requests over HTTP/2
  std::vector<std::shared_ptr<h1_connection>> idle;  // used last: at the back
  std::shared_ptr<h2_client_connection> shared;      // null: there is none
  std::weak_ptr<semaphore::permit> shared_slot;      // of the session, for all who use that one
  struct waiter : list_link<> {
    ~waiter() { unlink(); }
    cancel_scope wait;
  };
  intrusive_list<waiter> without_slot;  // of the session, who wait for one and have that of the destination
  std::size_t users = 0;                // that hold or wait for a slot
  lock opening;                         // of what may be shared
  std::size_t failures = 0;             // of that
  std::exception_ptr failure;           // the last of these
  protocol spoken = protocol::unknown;
  bool is_resting = false;  // the one that is shared
};

class connection_pool;

/// The right to have an exchange with a destination; what carries it too, once there is that.
class lease {
 public:
  lease() noexcept = default;
  lease(connection_pool& pool, destination& from) noexcept : pool_(&pool), from_(&from) {}
  lease(lease&& other) noexcept;
  lease& operator=(lease&& other) noexcept;
  ~lease() { give_up(); }

  [[nodiscard]] explicit operator bool() const noexcept { return pool_ != nullptr; }
  carrier* operator->() const noexcept { return carrier_.get(); }
  [[nodiscard]] bool has_connection() const noexcept { return carrier_ != nullptr; }
  /// What carries it is a stream of a connection that is shared.
  [[nodiscard]] bool is_shared() const noexcept { return stream_ != nullptr; }
  /// Gives the connection away, or the stream, on which another protocol is spoken from here on.
  [[nodiscard]] upgraded_stream take_over();
  void close_connection() noexcept;

  /// The connection may be used again: it can be.
  void keep() noexcept;
  /// Closes the connection or the stream, if there is one, and lets the next one in.
  void give_up() noexcept;

 private:
  friend class connection_pool;

  void use(std::shared_ptr<h1_connection> alone) noexcept;
  void use(std::shared_ptr<h2_client_stream> stream) noexcept;

  connection_pool* pool_ = nullptr;
  destination* from_ = nullptr;
  std::shared_ptr<carrier> carrier_;
  std::shared_ptr<h1_connection> alone_;            // the same, if it is one of HTTP/1.1
  std::shared_ptr<h2_client_stream> stream_;        // the same, if it is a stream
  bool has_slot_ = false;                           // of the session, for this one alone
  std::shared_ptr<semaphore::permit> shared_slot_;  // or for all who share the connection
};

/// All connections of a session.
class connection_pool {
 public:
  /// Both stay where they are.
  connection_pool(const session_options& options, connector& connections)
      : options_(options), connector_(connections), slots_(options.limit) {}
  ~connection_pool();
  connection_pool(const connection_pool&) = delete;

  /// Waits for the right to use a connection by that route; takes one that is there and free if there is one. First come, first served.
  /// Throws `timeout_error` at the deadline, `cancelled`.
  [[nodiscard]] coro<lease> acquire(route where, time_point deadline, trace_point trace);

  /// Gives a lease without a connection a new one, or a stream of one that is shared. Who comes while it is not known whether another's
  /// will be shared waits for that. False: it was there before. Throws what `connector::open` throws; then the lease may have been given up.
  [[nodiscard]] coro<bool> open(lease& mine, route where, trace_point trace);

  /// Without waiting: a stream for a websocket on the connection that is shared with that destination; an empty lease if there is none, or none on
  /// which the server takes websockets, or no room. It takes no slot of the session's.
  [[nodiscard]] lease take_for_websocket(route where);

 private:
  friend class lease;

  destination& enter(route where);
  void leave(destination& from) noexcept;
  void forget_if_unused(destination& one) noexcept;
  coro<void> wait_for_slots(destination& there, lease& mine);
  coro<void> take_slot(destination& there, lease& mine);
  coro<void> take_own_slot(lease& mine);
  /// Who goes there may find that a connection is shared.
  [[nodiscard]] bool may_offer_http2(route where) const noexcept;
  [[nodiscard]] bool may_share(const destination& there, route where) const noexcept;
  /// Before it is known how many requests a server takes at once.
  [[nodiscard]] std::size_t first_slots() const noexcept;
  [[nodiscard]] bool take_shared(destination& from, lease& mine);
  void share_slot(destination& of, lease& mine);
  coro<std::optional<bool>> open_in_turn(lease& mine, route where, trace_point trace);
  coro<bool> open_one(lease& mine, route where, trace_point trace);
  void share(destination& at, std::shared_ptr<h2_client_connection> opened);
  void shared_has_changed(destination& at) noexcept;
  void stop_sharing(destination& at) noexcept;
  void set_slots(destination& of) noexcept;
  void rest(destination& where, std::shared_ptr<h1_connection> used);
  void rest_shared(destination& where) noexcept;
  void sweep_later();
  [[nodiscard]] std::shared_ptr<h1_connection> take_idle(destination& from) noexcept;
  void sweep() noexcept;

  const session_options& options_;
  connector& connector_;
  semaphore slots_;
  std::unordered_map<std::string, std::unique_ptr<destination>> destinations_;
  std::size_t idle_ = 0;  // connections that rest, also those that are shared
  bool sweeping_ = false;
  handle sweeper_;
};

}  // namespace hocket::http::detail
