#include <algorithm>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <hocket/base/error.hpp>
#include <hocket/http/auth/digest_auth.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/field_cursor.hpp>

namespace hocket::http {
namespace {

bool is_session(digest_algorithm algorithm) noexcept {
  return algorithm == digest_algorithm::md5_sess || algorithm == digest_algorithm::sha256_sess;
}

std::string_view name_of(digest_algorithm algorithm) noexcept {
  switch (algorithm) {
    case digest_algorithm::md5:
      return "MD5";
    case digest_algorithm::md5_sess:
      return "MD5-sess";
    case digest_algorithm::sha256:
      return "SHA-256";
    case digest_algorithm::sha256_sess:
      return "SHA-256-sess";
  }
  return "MD5";
}

std::optional<digest_algorithm> algorithm_named(std::string_view name) noexcept {
  using enum digest_algorithm;
  for (const auto algorithm : {md5, md5_sess, sha256, sha256_sess})
    if (detail::equal_ignoring_case(name, name_of(algorithm))) return algorithm;
  return std::nullopt;
}

/// Returns false if the server offers only what we do not have.
bool read_qop(std::string_view list, digest_challenge& into) {
  field_cursor at(list);
  for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
    const auto name = at.take_token();
    if (name.empty() || !at.at_end_of_element()) return false;
    into.offers_auth |= detail::equal_ignoring_case(name, "auth");
    into.offers_auth_int |= detail::equal_ignoring_case(name, "auth-int");
  }
  return into.offers_auth || into.offers_auth_int;
}

bool is_true(std::optional<std::string_view> value) noexcept {
  return value && detail::equal_ignoring_case(*value, "true");
}

std::string quoted(std::string_view text) {
  if (!detail::is_field_value(text))
    throw error("what is to be sent for digest authentication has a control character");
  return quoted_string(text);
}

bool is_ascii(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// `UTF-8''J%C3%A4s%C3%B8n` (RFC 8187).
std::string extended(std::string_view text) {
  std::string value = "UTF-8''";
  for (const char c : text) {
    if (detail::is_alphanumeric(c) || std::string_view("!#$&+-.^_`|~").find(c) != std::string_view::npos)
      value.push_back(c);
    else
      value += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return value;
}

}  // namespace

std::optional<digest_challenge> parse_digest_challenge(const auth_challenge& challenge) {
  const auto realm = challenge.get("realm");
  const auto nonce = challenge.get("nonce");
  if (challenge.scheme != "digest" || !realm || !nonce) return std::nullopt;
  digest_challenge result;
  result.realm = *realm;
  result.nonce = *nonce;
  if (const auto opaque = challenge.get("opaque")) result.opaque = *opaque;
  if (const auto name = challenge.get("algorithm")) {
    const auto algorithm = algorithm_named(*name);
    if (!algorithm) return std::nullopt;
    result.algorithm = *algorithm;
    result.algorithm_was_said = true;
  }
  if (const auto qop = challenge.get("qop"); qop && !read_qop(*qop, result)) return std::nullopt;
  result.stale = is_true(challenge.get("stale"));
  result.userhash = is_true(challenge.get("userhash"));
  return result;
}

std::string make_cnonce(random_source& random) {
  const auto first = random();
  const auto second = random();
  return fmt::format("{:016x}{:016x}", first, second);
}

digest_session::digest_session(digest_challenge challenge, std::string user, std::string password)
    : challenge_(std::move(challenge)), user_(std::move(user)), password_(std::move(password)) {}

std::string digest_session::authorize(std::string_view method, std::string_view target, std::string_view cnonce,
                                      std::optional<std::string_view> content) {
  const bool protects_content = challenge_.offers_auth_int && !challenge_.offers_auth;
  if (protects_content && !content) throw error("the server asks that the content be signed, and it is not there yet");
  qop_ = challenge_.offers_auth ? "auth" : protects_content ? "auth-int" : "";
  if (cnonce_.empty() || !is_session(challenge_.algorithm)) cnonce_ = cnonce;
  if (hashed_a1_.empty()) {
    hashed_a1_ = hash(user_ + ":" + challenge_.realm + ":" + password_);
    if (is_session(challenge_.algorithm)) hashed_a1_ = hash(hashed_a1_ + ":" + challenge_.nonce + ":" + cnonce_);
  }
  count_text_ = fmt::format("{:08x}", ++count_);
  target_ = target;

  std::string a2 = fmt::format("{}:{}", method, target);
  if (protects_content) a2 += ":" + hash(*content);
  std::string field = "Digest ";
  if (challenge_.userhash)
    field += "username=" + quoted(hash(user_ + ":" + challenge_.realm));
  else if (is_ascii(user_))
    field += "username=" + quoted(user_);
  else
    field += "username*=" + extended(user_);
  field += ", realm=" + quoted(challenge_.realm) + ", uri=" + quoted(target);
  if (challenge_.algorithm_was_said) field.append(", algorithm=").append(name_of(challenge_.algorithm));
  field += ", nonce=" + quoted(challenge_.nonce);
  if (!qop_.empty()) field += ", nc=" + count_text_ + ", cnonce=" + quoted(cnonce_) + ", qop=" + qop_;
  if (qop_.empty() && is_session(challenge_.algorithm)) field += ", cnonce=" + quoted(cnonce_);
  field += ", response=" + quoted(response(a2));
  if (challenge_.opaque) field += ", opaque=" + quoted(*challenge_.opaque);
  if (challenge_.userhash) field += ", userhash=true";
  return field;
}

std::optional<bool> digest_session::take_authentication_info(std::string_view field) {
  // A list of parameters, as a challenge has them.
  const auto info = parse_auth_challenges("info " + std::string(field));
  if (!info || info->size() != 1) return std::nullopt;
  const auto given = info->front().get("rspauth");
  std::optional<bool> proved;
  if (given && qop_ != "auth-int") {  // the proof for that covers the response's content
    const std::string expected = response(":" + target_);
    proved = given->size() == expected.size() && ::CRYPTO_memcmp(given->data(), expected.data(), expected.size()) == 0;
  }
  if (const auto next = info->front().get("nextnonce")) {
    challenge_.nonce = *next;
    count_ = 0;
    hashed_a1_.clear();
    cnonce_.clear();
  }
  return proved;
}

std::string digest_session::hash(std::string_view text) const {
  const bool is_md5 =
      challenge_.algorithm == digest_algorithm::md5 || challenge_.algorithm == digest_algorithm::md5_sess;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (::EVP_Digest(text.data(), text.size(), digest, &size, is_md5 ? ::EVP_md5() : ::EVP_sha256(), nullptr) != 1)
    throw error("digest authentication needs an algorithm that this system does not allow");
  std::string hex;
  for (unsigned at = 0; at < size; ++at) hex += fmt::format("{:02x}", static_cast<unsigned>(digest[at]));
  return hex;
}

std::string digest_session::response(std::string_view a2) const {
  const std::string hashed_a2 = hash(a2);
  if (qop_.empty()) return hash(hashed_a1_ + ":" + challenge_.nonce + ":" + hashed_a2);
  return hash(hashed_a1_ + ":" + challenge_.nonce + ":" + count_text_ + ":" + cnonce_ + ":" + qop_ + ":" + hashed_a2);
}

}  // namespace hocket::http
