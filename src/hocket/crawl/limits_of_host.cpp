#include <algorithm>

#include <hocket/crawl/limits_of_host.hpp>
#include <hocket/crawl/scope.hpp>

namespace hocket::crawl {

static constexpr duration default_delay = std::chrono::seconds(1);

host_limits limits_of_host(const url& whose, const crawl_options& options, const robots_cache& known) {
  const bool is_here = is_loopback_host(whose.host());
  host_limits limits{.connections = options.per_host.value_or(is_here ? 8 : 1),
                     .delay = options.host_delay.value_or(is_here ? duration::zero() : default_delay),
                     .adaptive = !is_here && !options.host_delay};
  const robots* const rules = options.obey_robots ? known.known(whose) : nullptr;
  if (rules == nullptr || !rules->crawl_delay()) return limits;
  limits.connections = 1;
  limits.delay = std::max(limits.delay, *rules->crawl_delay());
  return limits;
}

}  // namespace hocket::crawl
