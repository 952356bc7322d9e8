#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <hocket/io/resolver.hpp>
#include <hocket/io/stream_security.hpp>
#include <hocket/loop/clock.hpp>
#include <hocket/url/url.hpp>

namespace hocket::crawl {

/// Which links are followed, seen from the seeds.
enum class scope_rule {
  host,    // the same host and port as a seed
  domain,  // the same registrable domain as a seed, by the public suffix list
  prefix,  // the same host and port, below the directory of a seed
  any,
};

struct crawl_options {
  std::vector<url> seeds{};
  std::optional<unsigned> depth{};  // links between a seed and a page at most; nothing: no limit
  std::optional<std::uint64_t> max_pages{};
  scope_rule scope = scope_rule::host;
  std::size_t concurrency = 100;                  // requests at once
  std::size_t per_host = 8;                       // the same, to one host on loopback; others get one
  duration host_delay = std::chrono::seconds(1);  // between requests to a host that is not on loopback
  duration timeout = std::chrono::seconds(30);    // for one page, with its redirects
  std::uint64_t max_body_bytes = 10 * 1024 * 1024;
  unsigned retries = 2;
  unsigned max_redirects = 10;
  std::string user_agent = "hocket";
  bool obey_robots = true;  // robots.txt, and what pages and answers say to robots
  bool allow_private = false;
  bool allow_downgrade = false;                  // redirects from https to http
  security tls{};                                // for https; null: what `http::session` takes by itself
  std::shared_ptr<hocket::resolver> resolver{};  // finds the addresses of hosts; null: the system
};

}  // namespace hocket::crawl
