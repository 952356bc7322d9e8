#pragma once

#include <cstdint>
#include <string>

#include <hocket/core/task_group.hpp>
#include <hocket/http/client/credentials.hpp>
#include <hocket/http/client/detail/route.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::http::detail {

/// What all requests have in common that one call of the session makes.
struct session_call {
  time_point deadline;
  unsigned max_redirects;
  const proxy_settings& proxies;
  const credentials* who = nullptr;
  std::uint64_t id = 0;
  /// Who sends what is left of a body when its answer is there; null: nobody, it is sent by then.
  task_group* senders = nullptr;
  bool left_origin = false;  // a redirect has led to another origin

  /// Of the next request.
  std::string authorization{};
  std::string proxy_authorization{};

  /// Of the request with these fields.
  [[nodiscard]] route route_to(const url& target, const headers& fields) const {
    return {target, proxies.for_target(target), fields.contains_token("Upgrade", "websocket"),
            fields.contains("Upgrade")};
  }
  /// Who one is to the server that is asked now.
  [[nodiscard]] const credentials* who_now() const noexcept { return left_origin ? nullptr : who; }
};

}  // namespace hocket::http::detail
