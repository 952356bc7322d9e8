#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/require_basic_auth.hpp>

namespace hocket::http {
namespace {

std::string challenge(std::string_view realm) {
  if (!detail::is_field_value(realm)) throw error("the realm has a control character");
  std::string field = "Basic realm=\"";
  for (const char c : realm) {
    if (c == '"' || c == '\\') field += '\\';
    field += c;
  }
  return field + "\", charset=\"UTF-8\"";
}

class guard {
 public:
  guard(std::string_view realm, basic_auth_check check) : challenge_(challenge(realm)), check_(std::move(check)) {}

  coro<reply> operator()(request& asked, next_handler next) {
    const auto fields = asked.headers().get_all("Authorization");
    const auto given = fields.size() == 1 ? parse_basic(fields.front()) : std::nullopt;
    if (!given || !co_await check_(*given)) throw http_error(401, {}, {{"WWW-Authenticate", challenge_}});
    asked.set(authenticated_user{given->user});
    co_return co_await next(asked);
  }

 private:
  std::string challenge_;
  basic_auth_check check_;
};

using digest = std::array<unsigned char, 32>;

// Of one length, whatever the password's.
digest digest_of(std::string_view text) {
  digest made{};
  if (::EVP_Digest(text.data(), text.size(), made.data(), nullptr, ::EVP_sha256(), nullptr) != 1)
    throw error("cannot digest a password");
  return made;
}

}  // namespace

middleware require_basic_auth(std::string realm, basic_auth_check check) { return guard(realm, std::move(check)); }

middleware require_basic_auth(std::string realm, std::map<std::string, std::string> passwords) {
  std::map<digest, digest> known;
  for (const auto& [user, password] : passwords) known.emplace(digest_of(user), digest_of(password));
  return require_basic_auth(std::move(realm), [known = std::move(known)](const basic_credentials& given) -> coro<bool> {
    const auto found = known.find(digest_of(given.user));
    const digest expected = found != known.end() ? found->second : digest{};
    const bool is_right = ::CRYPTO_memcmp(expected.data(), digest_of(given.password).data(), expected.size()) == 0;
    co_return is_right&& found != known.end();
  });
}

}  // namespace hocket::http
