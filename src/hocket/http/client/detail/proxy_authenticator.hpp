#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <hocket/http/client/detail/digest_sessions.hpp>
#include <hocket/http/client/detail/target_form.hpp>
#include <hocket/http/client/proxy.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/url/url.hpp>

namespace hocket::http::detail {

/// Says what Proxy-Authorization a request has, and remembers the challenges of proxies that want digests.
class proxy_authenticator {
 public:
  /// For a request to that proxy; `form` is that of its target. Empty: nothing, or not yet.
  [[nodiscard]] std::string authorize(const proxy& via, std::string_view method, const url& target, target_form form,
                                      std::optional<std::string_view> content);
  /// Whether the answer 407 of a proxy brings a challenge by which the request, whose Proxy-Authorization was `sent`, should be made again.
  [[nodiscard]] bool take_challenge(const proxy& via, std::string_view sent, const headers& refusal);
  /// Of an answer to a request that was let in: the next nonce.
  void take_information(const proxy& via, const headers& answer);

 private:
  digest_sessions digests_;  // by proxy and user
};

}  // namespace hocket::http::detail
