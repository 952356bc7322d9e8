#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/credential_fields.hpp>
#include <hocket/http/client/detail/redirect.hpp>
#include <hocket/url/without_user.hpp>

namespace hocket::http::detail {
namespace {

bool becomes_get(int status, std::string_view method) noexcept {
  if (status == 303) return method != "GET" && method != "HEAD";
  return (status == 301 || status == 302) && method == "POST";
}

// What speaks of a body that is no more. RFC 9110, 15.4
constexpr std::array<const char*, 8> of_the_body{
    "Content-Type",  "Content-Encoding", "Content-Language", "Content-Location",
    "Content-Range", "Digest",           "Last-Modified",    "Expect"};

}  // namespace

bool is_redirect(int status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::optional<url> redirect_of(int status, const headers& fields, const url& from) {
  if (!is_redirect(status)) return std::nullopt;
  const auto location = fields.get("Location");
  if (!location) return std::nullopt;
  auto target = url::parse(*location, from);
  if (target && !target->has_fragment() && from.has_fragment())
    target = url::parse(fmt::format("{}#{}", target->href(), from.fragment()));
  if (!target) throw client_error(fmt::format("redirected to '{}', which is not a URL", without_user(*location)));
  return std::move(*target);
}

void follow(request_message& asked, int status, url to) {
  if (becomes_get(status, asked.method)) {
    asked.method = "GET";
    asked.body = {};
    asked.expect_continue = false;
    for (const char* name : of_the_body) asked.fields.remove(name);
  } else if (!asked.body.can_repeat()) {
    throw body_not_repeatable(
        fmt::format("redirected with {}, but the body is a generator's and cannot be sent again", status));
  }
  if (to.origin() != asked.target.origin()) {
    asked.fields.remove("Host");
    std::vector<std::string> secrets;
    for (const auto& [name, value] : asked.fields)
      if (is_credential(name)) secrets.emplace_back(name);
    for (const std::string& secret : secrets) asked.fields.remove(secret);
  }
  asked.target = std::move(to);
}

}  // namespace hocket::http::detail
