#pragma once

#include <hocket/crawl/engine.hpp>
#include <hocket/crawl/stats/crawl_stats.hpp>
#include <hocket/http/server/virtual_hosts.hpp>

namespace hocket::crawl {

/// The site of a running crawl, for a server on a loopback address: `/`, a page that refreshes itself; `/stats.json`; `/metrics`, for Prometheus.
/// Both must outlive it.
///
/// Requests for another host than 127.0.0.1, [::1] or localhost are refused (421), so that no page of a site that gives its name that address can read
/// what is crawled (DNS rebinding).
[[nodiscard]] http::virtual_hosts stats_site(const engine& work, const crawl_stats& counted);

}  // namespace hocket::crawl
