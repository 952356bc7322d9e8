// One task for each listener accepts, one for each client serves. A client is counted from the moment at which it was accepted
// until its task's frame is gone, so that who waits for the server waits for all of it. Those that accept are counted likewise:
// a listener's number is closed when the last accept has ended, and who has waited may listen there again.
//
// Of each listener one connection at a time is accepted. It takes its place afterwards: who took it before would keep it from
// the other listeners while nobody comes to this one. All stand in one line for places, so each has its turn; nobody accepts
// while there is no place, but what another listener has accepted when the last one goes waits for the next.
//
// To close a client is to close its connection: its handler reads the end and comes to its own. Before there is a connection
// (the task has not begun, or shakes hands) its task is cancelled.

#include <array>
#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/io/accept_connection.hpp>
#include <hocket/io/detail/server_core.hpp>
#include <hocket/io/resolve.hpp>

namespace hocket::detail {

static constexpr auto pause_when_starved = std::chrono::seconds(1);

server_client::server_client(server_core& owner, semaphore::permit place)
    : owner_((owner.retain(), &owner)), place_(std::move(place)) {
  owner_->clients_.push_back(*this);
  ++owner_->clients_now_;
}

server_client::~server_client() {
  unlink();
  --owner_->clients_now_;
  owner_->look_whether_over();
}

server_core::server_core(start_server_options options)
    : options_(std::move(options)), places_(options_.max_connections) {}

void server_core::listen_at(const socket_address& address) {
  listen_on(tcp_listener::listen(address, {.backlog = options_.backlog, .reuse_port = options_.reuse_port}));
}

// Where there is no IPv6, all interfaces are those of IPv4.
coro<void> server_core::listen(record_ref<server_core> self, std::string host, std::uint16_t port) {
  if (!host.empty()) {
    for (const socket_address& address : co_await resolve(std::move(host), port)) self->listen_at(address);
    co_return;
  }
  self->listen_at(*socket_address::parse("0.0.0.0", port));
  try {
    self->listen_at(*socket_address::parse("::", port));
  } catch (const std::system_error& refused) {
    const int error = refused.code().value();
    if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL) throw;
  }
}

void server_core::start_serving() {
  if (closed_) throw invalid_state_error("the server is closed");
  if (serving_) return;
  serving_ = true;
  accepting_.reserve(listeners_.size());
  for (stream_listener& each : listeners_) {
    if (auto* of_tcp = each.as<tcp_listener>()) start_accepting(*of_tcp);
    if (auto* of_unix = each.as<unix_listener>()) start_accepting(*of_unix);
  }
}

void server_core::close() noexcept {
  if (std::exchange(closed_, true)) return;
  serving_ = false;
  for (const auto& each : accepting_) each.cancel();
  for (stream_listener& each : listeners_) each.close();
  closing_.set();
  look_whether_over();
}

void server_core::close_clients() noexcept {
  clients_.for_each([](server_client& each) { each.close(); });
}

void server_core::abort_clients() noexcept {
  clients_.for_each([](server_client& each) { each.abort(); });
}

void server_core::look_whether_over() noexcept {
  if (closed_ && clients_now_ == 0 && acceptors_now_ == 0) over_.set();
}

// Of what is being handled, the loop. There may be no memory for so much.
static void tell(const char* what) noexcept {
  try {
    loop::running().call_exception_handler({.message = what, .exception = std::current_exception()});
  } catch (const std::bad_alloc&) {
  }
}

// What the task of a listener holds, even if that never begins.
class server_core::acceptor {
 public:
  explicit acceptor(server_core& of) noexcept : of_((of.retain(), &of)) { ++of.acceptors_now_; }
  acceptor(acceptor&&) noexcept = default;
  acceptor& operator=(acceptor&&) = delete;
  ~acceptor() {
    if (!of_) return;
    --of_->acceptors_now_;
    of_->look_whether_over();
  }

  server_core* operator->() const noexcept { return of_.get(); }

 private:
  record_ref<server_core> of_;
};

template <class Listener>
void server_core::start_accepting(Listener& listener) {
  accepting_.push_back(create_task(accept_all(acceptor(*this), listener), {.name = "accept"}));
}

template <class Listener>
coro<void> server_core::accept_all(acceptor self, Listener& listener) {
  try {
    for (bool starved = false;;) {
      if (starved) co_await sleep(duration::zero());  // others have their turn, even if there is no memory for a timer
      try {
        if (std::exchange(starved, false)) co_await sleep(pause_when_starved);
        {
          const auto there_is_one = co_await self->places_.scoped_acquire();
        }
        byte_stream accepted(co_await accept_connection(listener));
        auto place = co_await self->places_.scoped_acquire();
        if (self->closed_) co_return;
        self->begin(std::move(accepted), std::move(place));
      } catch (const std::bad_alloc&) {
        starved = true;
        tell("a server has no memory for a connection; trying again in a second");
      }
    }
  } catch (const std::exception&) {
    if (self->closed_) co_return;
    tell("a server no longer accepts connections");
    if (self->acceptors_now_ > 1) co_return;  // at its other listeners it does
    self->failed_ = std::current_exception();
    self->close();
  }
}

void server_core::begin(byte_stream stream, semaphore::permit place) {
  auto client = std::make_unique<server_client>(*this, std::move(place));
  server_client& begun = *client;
  retain();
  const auto serving = create_task(run(server_ref(this), std::move(client), std::move(stream)), {.name = "client"});
  begun.set_task(*serving.record());
}

coro<void> server_core::run(record_ref<server_core> self, std::unique_ptr<server_client> client, byte_stream stream) {
  if (self->options_.tls != nullptr) {
    start_tls_options handshake{.server_side = true,
                                .handshake_timeout = self->options_.tls_handshake_timeout,
                                .shutdown_timeout = self->options_.tls_shutdown_timeout};
    try {
      stream = co_await self->options_.tls->start_tls(std::move(stream), std::move(handshake));
    } catch (const std::system_error&) {
      co_return;
    } catch (const timeout_error&) {
      co_return;
    }
  }
  co_await self->serve(*client, std::move(stream));
}

coro<void> server_core::serve_forever(record_ref<server_core> self) {
  if (self->served_forever_) throw invalid_state_error("the server is served forever by another task already");
  if (self->failed_) std::rethrow_exception(self->failed_);
  self->start_serving();
  self->served_forever_ = true;
  const auto closed = co_await as_result(self->closing_.wait());
  self->served_forever_ = false;
  if (self->failed_) std::rethrow_exception(self->failed_);
  if (closed) co_return;
  self->close();
  self->close_clients();
  co_await wait_closed(self);
  std::rethrow_exception(closed.error());
}

coro<void> server_core::wait_closed(record_ref<server_core> self) { co_await self->over_.wait(); }

}  // namespace hocket::detail
