// A request holds a slot of its origin first and then one of the session: while it waits for a busy origin it takes nothing
// from the others. Connections that rest are closed when they have rested for `keep_alive`, and are not kept at all
// beyond the number that the session may use; they are looked at once more before they are used again.

#include <algorithm>

#include <fmt/format.h>

#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/connection_pool.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/tls/tls_layer.hpp>

namespace hocket::http::detail {

static constexpr std::size_t most_known_hosts = 10'000;

lease& lease::operator=(lease&& other) noexcept {
  if (this != &other) {
    give_up();
    pool_ = std::exchange(other.pool_, nullptr);
    origin_ = other.origin_;
    connection_ = std::move(other.connection_);
  }
  return *this;
}

bool lease::use_idle() noexcept {
  connection_ = pool_->take_idle(*origin_);
  return has_connection();
}

void lease::keep() noexcept {
  try {
    pool_->rest(*origin_, std::move(connection_));
  } catch (const std::bad_alloc&) {
    connection_.reset();
  }
  give_up();
}

void lease::give_up() noexcept {
  if (pool_ == nullptr) return;
  connection_.reset();
  connection_pool& pool = *std::exchange(pool_, nullptr);
  pool.slots_.release();
  origin_->slots.release();
  pool.leave(*origin_);
}

connection_pool::~connection_pool() { sweeper_.cancel(); }

origin& connection_pool::enter(const url& target) {
  auto& entry = origins_[target.origin()];
  if (!entry) entry = std::make_unique<origin>(target.origin(), options.limit_per_host);
  ++entry->users;
  return *entry;
}

void connection_pool::leave(origin& from) noexcept {
  if (--from.users == 0 && from.idle.empty()) origins_.erase(origins_.find(from.name));
}

coro<lease> connection_pool::acquire(const url& target) {
  origin& where = enter(target);
  bool has_slot = false;
  try {
    co_await where.slots.acquire();
    has_slot = true;
    co_await slots_.acquire();
  } catch (...) {
    if (has_slot) where.slots.release();
    leave(where);
    throw;
  }
  lease mine(*this, where);
  mine.use_idle();
  co_return mine;
}

coro<std::unique_ptr<connection>> connection_pool::open(const url& target) {
  timeout limit{delay(options.timeouts.connect)};
  const auto open_stream = [&]() -> coro<byte_stream> {
    byte_stream plain = co_await connect(target);
    if (target.scheme() != "https") co_return plain;
    co_return co_await secure(std::move(plain), std::string(target.host()));
  };
  try {
    co_return std::make_unique<connection>(co_await limit.run(open_stream));
  } catch (const timeout_error&) {
    if (limit.expired()) throw timeout_error("no connection in time");
    throw;
  }
}

/// As errors call it beside its addresses; nothing for what is an address itself.
static std::string name_of(const url& target) {
  if (socket_address::parse(target.host(), 0)) return "";
  return fmt::format("{}:{}", target.host(), target.port_or_default());
}

coro<byte_stream> connection_pool::connect(const url& target) {
  auto addresses = co_await addresses_of(target);
  if (options.allow_address) {
    const socket_address first = addresses.front();
    std::erase_if(addresses, [&](const socket_address& each) { return !options.allow_address(target, each); });
    if (addresses.empty())
      throw address_refused(fmt::format("{} is at a private address ({})", target.host(), first.host()));
  }
  co_return byte_stream(co_await connect_tcp(std::move(addresses), {}, name_of(target)));
}

static security default_security() {
  tls_client_options options;
  options.alpn_protocols = {"http/1.1"};
  return tls_context::client(std::move(options));
}

coro<byte_stream> connection_pool::secure(byte_stream plain, std::string host) {
  if (tls_ == nullptr) tls_ = options.tls != nullptr ? options.tls : default_security();
  start_tls_options how;
  how.server_hostname = std::move(host);
  how.handshake_timeout = options.timeouts.connect;
  byte_stream secured = co_await tls_->start_tls(std::move(plain), std::move(how));
  const tls_layer* agreed = secured.find_layer<tls_layer>();
  const std::string protocol = agreed != nullptr ? agreed->alpn_protocol() : "";
  if (!protocol.empty() && protocol != "http/1.1")
    throw client_error(
        fmt::format("the server was offered '{}' and has taken it; the session speaks http/1.1", protocol));
  co_return secured;
}

coro<std::vector<socket_address>> connection_pool::addresses_of(const url& target) {
  const std::string host(target.host());
  const std::uint16_t port = target.port_or_default();
  if (auto numeric = socket_address::parse(host, port)) co_return std::vector{*numeric};
  const std::string key = fmt::format("{}:{}", host, port);
  const time_point now = loop::running().time();
  if (const auto found = known_.find(key); found != known_.end()) {
    if (now < found->second.until) co_return found->second.addresses;
    known_.erase(found);
  }
  auto addresses =
      options.resolver != nullptr ? co_await options.resolver->resolve(host, port) : co_await resolve(host, port);
  if (known_.size() >= most_known_hosts) known_.clear();
  known_[key] = {addresses, now + options.dns_cache};
  co_return addresses;
}

void connection_pool::rest(origin& where, std::unique_ptr<connection> used) {
  if (idle_ >= options.limit) return;
  used->received = {};
  used->rest = {};
  used->reused = true;
  used->idle_since = loop::running().time();
  where.idle.push_back(std::move(used));
  ++idle_;
  if (std::exchange(sweeping_, true)) return;
  sweeper_ = loop::running().call_later(options.keep_alive, [this] { sweep(); });
}

std::unique_ptr<connection> connection_pool::take_idle(origin& from) noexcept {
  while (!from.idle.empty()) {
    auto candidate = std::move(from.idle.back());
    from.idle.pop_back();
    --idle_;
    const bool fresh = loop::running().time() - candidate->idle_since < options.keep_alive;
    if (fresh && !candidate->stream.has_something_to_read()) return candidate;
  }
  return nullptr;
}

void connection_pool::sweep() noexcept {
  const time_point now = loop::running().time();
  std::optional<time_point> oldest;
  for (auto entry = origins_.begin(); entry != origins_.end();) {
    auto& idle = entry->second->idle;
    idle_ -= std::erase_if(idle, [&](const auto& each) { return now - each->idle_since >= options.keep_alive; });
    if (!idle.empty()) oldest = std::min(oldest.value_or(idle.front()->idle_since), idle.front()->idle_since);
    if (idle.empty() && entry->second->users == 0)
      entry = origins_.erase(entry);
    else
      ++entry;
  }
  sweeping_ = oldest.has_value();
  if (oldest) sweeper_ = loop::running().call_at(*oldest + options.keep_alive, [this] { sweep(); });
}

}  // namespace hocket::http::detail
