#include <optional>
#include <string>
#include <vector>

#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/client/detail/digest_sessions.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::size_t most_remembered = 1000;

/// The first that is not MD5; of MD5 only, the first.
std::optional<digest_challenge> best_challenge(const headers& refusal, const char* name) {
  std::string joined;
  for (const std::string_view each : refusal.get_all(name)) joined.append(joined.empty() ? "" : ", ").append(each);
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

/// By which the digest was made; nothing: there is none.
std::optional<std::string> nonce_of(std::string_view authorization) {
  const auto parsed = parse_auth_challenges(authorization);  // of the same form
  if (!parsed || parsed->size() != 1 || parsed->front().scheme != "digest") return std::nullopt;
  const auto nonce = parsed->front().get("nonce");
  return nonce ? std::optional<std::string>(*nonce) : std::nullopt;
}

}  // namespace

digest_session* digest_sessions::find(const std::string& key) noexcept {
  const auto found = sessions_.find(key);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool digest_sessions::take_challenge(const std::string& key, std::string_view sent, const headers& refusal,
                                     const char* name, const std::string& user, const std::string& password) {
  auto challenge = best_challenge(refusal, name);
  if (!challenge) return false;
  const auto used = nonce_of(sent);
  const digest_session* known = find(key);
  const bool is_refusal = used && !challenge->stale;
  if (is_refusal && (known == nullptr || known->nonce() == *used)) {
    sessions_.erase(key);
    return false;
  }
  // Learnt by a request that was sent at the same time: its count goes on.
  if (known != nullptr && (is_refusal || known->nonce() == challenge->nonce)) return true;
  sessions_.erase(key);
  if (sessions_.size() >= most_remembered) sessions_.clear();
  sessions_.emplace(key, digest_session(std::move(*challenge), user, password));
  return true;
}

}  // namespace hocket::http::detail
