// One task a connection. The server keeps a list of connections, so that stopping can tell the idle ones (whose task is cancelled)
// from those that are answering (which finish and then close). Shaking hands for TLS is the connection's own affair and counts as
// idle: it delays nobody else, nor the end.

#include <algorithm>
#include <exception>
#include <new>
#include <system_error>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <hocket/base/error.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/task.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/server_connection.hpp>
#include <hocket/http/server/server.hpp>
#include <hocket/io/accept_connection.hpp>

namespace hocket::http {

static constexpr auto idle_long_enough = std::chrono::seconds(1);  // to be closed for somebody else

/// One of the connections that the server counts; given up with the task, even if that never begins.
class server::place {
 public:
  explicit place(server& owner) noexcept : owner_(&owner) {
    owner.no_one_.clear();
    if (++*owner.count_ >= owner.options_.max_connections) owner.room_.clear();
  }
  place(place&& other) noexcept : owner_(std::exchange(other.owner_, nullptr)) {}
  place& operator=(place&&) = delete;
  ~place() {
    if (owner_ == nullptr) return;
    owner_->room_.set();
    if (--*owner_->count_ == 0) owner_->no_one_.set();
  }

 private:
  server* owner_;
};

server::server(handler handler, server_options options) : handler_(std::move(handler)), options_(std::move(options)) {
  if (!detail::is_field_value(options_.name)) throw error("the server's name has a character that no field may have");
  room_.set();
  no_one_.set();
}

server::~server() = default;

coro<void> server::serve(tcp_listener& listener) {
  const auto end = [](tcp_listener& from, coro<void> stopping) -> coro<void> {
    from.close();  // whoever comes now is told so, and need not wait for who is served still
    co_await std::move(stopping);
  };
  co_await finally(accept_all(listener), end(listener, stop()));
}

// The system ends a connection whose client takes nothing for so long, also in the middle of a large piece. tcp(7)
static void limit_standstill(const tcp_socket& peer, duration limit) noexcept {
  constexpr duration most = std::chrono::hours(24);
  const auto milliseconds =
      static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(std::min(limit, most)).count());
  static_cast<void>(loop::running().io().setsockopt(peer.number(), IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds,
                                                    sizeof milliseconds));
}

coro<void> server::accept_all(tcp_listener& listener) {
  starvation_handler starved = [this](std::error_code error) {
    report(fmt::format("cannot accept a connection: {}; trying again in a second", error.message()));
  };
  for (;;) {
    while (!room_.is_set()) {
      close_longest_idle();
      co_await move_on_after(idle_long_enough, room_.wait());
    }
    auto peer = co_await accept_connection(listener, &starved);
    limit_standstill(peer, options_.standstill);
    try {
      create_task(run(byte_stream(std::move(peer)), place(*this)), {.name = "http connection"});
    } catch (const std::bad_alloc&) {  // it is closed, and those that are there go on
      report("there is no memory for a connection");
    }
  }
}

// All places are taken: the connection that has been idle longest makes room, so that idle ones cannot lock others out.
void server::close_longest_idle() noexcept {
  detail::server_connection* longest = nullptr;
  connections_.for_each([&longest](detail::server_connection& each) {
    if (longest == nullptr && each.has_been_idle_for(idle_long_enough)) longest = &each;
  });
  if (longest != nullptr) longest->stop();
}

coro<void> server::serve_connection(byte_stream peer) {
  co_await create_task(run(std::move(peer), place(*this)), {.name = "http connection"});
}

coro<void> server::run(byte_stream peer, place) {
  if (stopping_) co_return;
  detail::server_connection connection(*this, std::move(peer));
  struct listed {
    detail::server_connection& one;
    ~listed() {
      if (one.is_linked()) one.unlink();
    }
  } const while_it_is_there{connection};
  connections_.push_back(connection);
  const auto outcome = co_await as_result(connection.serve());
  connection.unlink();
  static_cast<void>(co_await as_result(connection.close()));
  if (outcome) co_return;
  if (is_cancelled(outcome.error())) throw cancelled{};
  try {
    std::rethrow_exception(outcome.error());
  } catch (const std::system_error&) {  // the client has gone
  } catch (const timeout_error&) {
  } catch (const std::exception& problem) {
    report(problem.what());
  }
}

coro<void> server::stop() {
  stopping_ = true;
  connections_.for_each([](detail::server_connection& each) { each.stop(); });
  bool are_gone = false;
  try {
    are_gone = co_await move_on_after(options_.shutdown, no_one_.wait());
  } catch (const std::bad_alloc&) {  // for the limit
  }
  if (!are_gone) {
    connections_.for_each([](detail::server_connection& each) { each.abort(); });
    co_await no_one_.wait();
  }
  stopping_ = false;
}

}  // namespace hocket::http
