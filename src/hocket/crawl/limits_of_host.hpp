#pragma once

#include <hocket/crawl/options.hpp>
#include <hocket/crawl/robots_cache.hpp>
#include <hocket/crawl/scheduler.hpp>

namespace hocket::crawl {

/// How often the host of `whose` may be asked: what the options say or, where they say nothing, freely if it is this machine and politely if it is
/// not; and no more often than its robots.txt says, if that is known and obeyed.
[[nodiscard]] host_limits limits_of_host(const url& whose, const crawl_options& options, const robots_cache& known);

}  // namespace hocket::crawl
