#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/crawl/detail/address_finder.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::crawl::detail {

static constexpr auto good_for = std::chrono::minutes(1);

coro<bool> address_finder::has_room(url whose) {
  const bool is_by_proxy = options_.proxies.for_target(whose) != nullptr;  // that looks names up, and nobody else does
  if (!is_by_proxy && turns_.wants_address(whose)) {
    const std::string address = co_await address_of(std::string(whose.host()));
    if (!address.empty()) turns_.found_at(whose, address);
  }
  co_return !turns_.is_crowded(whose);
}

// The scheduler forgets a host when nothing of it is left, which may be between any two of its pages.
coro<std::string> address_finder::address_of(std::string host) {
  if (const auto numeric = socket_address::parse(host, 0)) co_return numeric->from_v4_mapped().host();
  if (const auto known = known_.find(host); known != known_.end() && loop::running().time() < known->second.good_until)
    co_return known->second.address;
  finding found;
  try {
    const auto address = co_await move_on_after(options_.timeout, look_up(host));
    found.address = address.value_or("");
  } catch (const std::exception&) {  // whoever connects is told
  }
  found.good_until = loop::running().time() + good_for;
  if (known_.size() >= most_hosts) known_.clear();
  co_return known_.insert_or_assign(std::move(host), std::move(found)).first->second.address;
}

// The least of several, so that hosts which share them all count as one, in whatever order they are told.
coro<std::string> address_finder::look_up(std::string host) const {
  const auto all =
      options_.resolver != nullptr ? co_await options_.resolver->resolve(host, 0) : co_await resolve(host, 0);
  std::vector<std::string> addresses;
  for (const socket_address& each : all) addresses.push_back(each.from_v4_mapped().host());
  if (addresses.empty()) throw error("no address");
  co_return std::ranges::min(addresses);
}

}  // namespace hocket::crawl::detail
