#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/client/detail/authenticator.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http::detail {
namespace {

std::string key_of(const request_message& asked, const credentials& who) {
  return asked.target.origin() + " " + who.user() + ":" + who.password();
}

}  // namespace

digest_session* authenticator::known(const request_message& asked, const credentials* who) {
  if (who == nullptr || who->shown_by() != credentials::scheme::digest) return nullptr;
  return digests_.find(key_of(asked, *who));
}

std::string authenticator::authorize(const request_message& asked, const credentials* who, bool left_origin) {
  if (asked.fields.contains("Authorization")) return "";
  if (who != nullptr && who->shown_by() != credentials::scheme::digest) return who->field();
  if (who != nullptr) {
    digest_session* session = known(asked, who);
    if (session == nullptr) return "";
    return session->authorize(asked.method, asked.target.request_target(), make_cnonce(loop::running().random()),
                              asked.body.in_memory());
  }
  if (asked.target.has_credentials())
    return format_basic({percent_decode(asked.target.username()), percent_decode(asked.target.password())});
  if (netrc_ == nullptr || left_origin) return "";
  const netrc_entry* entry = netrc_->find(asked.target.host());
  return entry != nullptr ? format_basic({entry->login, entry->password}) : "";
}

bool authenticator::take_challenge(const request_message& asked, const credentials* who, std::string_view sent,
                                   const headers& answer) {
  if (who == nullptr || who->shown_by() != credentials::scheme::digest) return false;
  if (asked.fields.contains("Authorization") || !asked.body.can_repeat()) return false;
  return digests_.take_challenge(key_of(asked, *who), sent, answer, "WWW-Authenticate", who->user(), who->password());
}

void authenticator::take_information(const request_message& asked, const credentials* who, const headers& answer) {
  digest_session* session = known(asked, who);
  const auto information = answer.get("Authentication-Info");
  if (session != nullptr && information) static_cast<void>(session->take_authentication_info(*information));
}

}  // namespace hocket::http::detail
