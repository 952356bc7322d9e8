#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/auth/bearer_auth.hpp>
#include <hocket/http/client/credentials.hpp>

namespace hocket::http {

credentials credentials::basic(std::string user, std::string password) {
  return {scheme::basic, format_basic({std::move(user), std::move(password)})};
}

credentials credentials::digest(std::string user, std::string password) {
  credentials made(scheme::digest, "");
  made.user_ = std::move(user);
  made.password_ = std::move(password);
  return made;
}

credentials credentials::bearer(std::string token) { return {scheme::bearer, format_bearer(token)}; }

}  // namespace hocket::http
