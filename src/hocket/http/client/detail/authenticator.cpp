#include <algorithm>
#include <optional>

#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/client/detail/authenticator.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::size_t most_remembered = 1000;

std::string key_of(const request_message& asked, const credentials& who) {
  return asked.target.origin() + " " + who.user() + ":" + who.password();
}

/// The first that is not MD5; of MD5 only, the first.
std::optional<digest_challenge> best_challenge(const headers& answer) {
  std::string joined;
  for (const std::string_view each : answer.get_all("WWW-Authenticate"))
    joined.append(joined.empty() ? "" : ", ").append(each);
  std::optional<digest_challenge> best;
  for (const auth_challenge& each : parse_auth_challenges(joined).value_or(std::vector<auth_challenge>())) {
    auto readable = parse_digest_challenge(each);
    if (!readable) continue;
    const bool is_md5 =
        readable->algorithm == digest_algorithm::md5 || readable->algorithm == digest_algorithm::md5_sess;
    if (!is_md5) return readable;
    if (!best) best = std::move(readable);
  }
  return best;
}

}  // namespace

digest_session* authenticator::known(const request_message& asked, const credentials* who) {
  if (who == nullptr || who->shown_by() != credentials::scheme::digest || digests_.empty()) return nullptr;
  const auto found = digests_.find(key_of(asked, *who));
  return found == digests_.end() ? nullptr : &found->second;
}

std::string authenticator::authorize(const request_message& asked, const credentials* who) {
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
  if (netrc_ == nullptr) return "";
  const netrc_entry* entry = netrc_->find(asked.target.host());
  return entry != nullptr ? format_basic({entry->login, entry->password}) : "";
}

// A nonce that is too old is replaced; a challenge to the answer of another is a refusal.
bool authenticator::take_challenge(const request_message& asked, const credentials* who, const headers& answer) {
  if (who == nullptr || who->shown_by() != credentials::scheme::digest) return false;
  if (asked.fields.contains("Authorization") || !asked.body.can_repeat()) return false;
  auto challenge = best_challenge(answer);
  if (!challenge) return false;
  const std::string key = key_of(asked, *who);
  const bool was_known = digests_.erase(key) > 0;
  if (was_known && !challenge->stale) return false;
  if (digests_.size() >= most_remembered) digests_.clear();
  digests_.emplace(key, digest_session(std::move(*challenge), who->user(), who->password()));
  return true;
}

void authenticator::take_information(const request_message& asked, const credentials* who, const headers& answer) {
  digest_session* session = known(asked, who);
  const auto information = answer.get("Authentication-Info");
  if (session != nullptr && information) static_cast<void>(session->take_authentication_info(*information));
}

}  // namespace hocket::http::detail
