// A request holds a slot of its origin first and then one of the session: while it waits for a busy origin it takes nothing
// from the others. Connections that rest are closed when they have rested for `keep_alive`, and are not kept at all
// beyond the number that the session may use; they are looked at once more before they are used again.

#include <algorithm>

#include <fmt/format.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/http/detail/connection_pool.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/loop/loop.hpp>

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
  const auto connect = [&]() -> coro<byte_stream> {
    std::error_code problem;
    bool refused = false;
    const auto addresses = co_await addresses_of(target);
    for (const socket_address& address : addresses) {
      if (options.allow_address && !options.allow_address(target, address)) {
        refused = true;
        continue;
      }
      auto socket = co_await as_expected(tcp_socket::connect(address));
      if (socket) co_return byte_stream(std::move(*socket));
      problem = socket.error();
    }
    if (refused && !problem)
      throw address_refused(fmt::format("{} is at a private address ({})", target.host(), addresses.front().host()));
    throw std::system_error(problem, fmt::format("cannot connect to {}", addresses.back().to_string()));
  };
  try {
    co_return std::make_unique<connection>(co_await with_timeout(options.timeouts.connect, connect()));
  } catch (const timeout_error&) {
    throw timeout_error("no connection in time");
  }
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
  auto addresses = co_await resolve(host, port);
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
