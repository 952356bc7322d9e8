#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <hocket/http/auth/netrc.hpp>
#include <hocket/http/client/credentials.hpp>
#include <hocket/http/client/detail/digest_sessions.hpp>
#include <hocket/http/client/request_message.hpp>
#include <hocket/http/headers.hpp>

namespace hocket::http::detail {

/// Says what Authorization a request has, and remembers the challenges of the servers that want digests.
class authenticator {
 public:
  explicit authenticator(std::shared_ptr<const http::netrc> netrc) : netrc_(std::move(netrc)) {}

  /// By `who`, if that is given; else by the credentials of the URL; else, if nobody has led us there, by the netrc file. Empty: nothing, or
  /// not yet.
  [[nodiscard]] std::string authorize(const request_message& asked, const credentials* who, bool left_origin);

  /// Whether the answer 401 of a server brings a challenge by which the request, whose Authorization was `sent`, should be made again.
  [[nodiscard]] bool take_challenge(const request_message& asked, const credentials* who, std::string_view sent,
                                    const headers& answer);
  /// Of an answer to a request that was let in: the next nonce.
  void take_information(const request_message& asked, const credentials* who, const headers& answer);

 private:
  [[nodiscard]] digest_session* known(const request_message& asked, const credentials* who);

  std::shared_ptr<const http::netrc> netrc_;
  digest_sessions digests_;  // by origin and user
};

}  // namespace hocket::http::detail
