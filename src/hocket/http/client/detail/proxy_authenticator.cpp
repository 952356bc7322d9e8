#include <hocket/http/client/detail/proxy_authenticator.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::http::detail {

static std::string key_of(const proxy& via) { return via.name() + " " + via.username() + ":" + via.password(); }

std::string proxy_authenticator::authorize(const proxy& via, std::string_view method, const url& target,
                                           target_form form, std::optional<std::string_view> content) {
  if (!via.has_credentials()) return "";
  digest_session* session = digests_.find(key_of(via));
  if (session == nullptr) return via.is_digest_only() ? "" : via.authorization();
  std::string text;
  append_target(text, target, form);
  return session->authorize(method, text, make_cnonce(loop::running().random()), content);
}

bool proxy_authenticator::take_challenge(const proxy& via, std::string_view sent, const headers& refusal) {
  return via.has_credentials() &&
         digests_.take_challenge(key_of(via), sent, refusal, "Proxy-Authenticate", via.username(), via.password());
}

void proxy_authenticator::take_information(const proxy& via, const headers& answer) {
  const auto information = answer.get("Proxy-Authentication-Info");
  if (!information) return;
  if (digest_session* session = digests_.find(key_of(via)))
    static_cast<void>(session->take_authentication_info(*information));
}

}  // namespace hocket::http::detail
