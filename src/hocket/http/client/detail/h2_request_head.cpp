#include <string_view>

#include <hocket/http/client/detail/h2_request_head.hpp>
#include <hocket/http/client/detail/request_fields.hpp>
#include <hocket/http/detail/connection_fields.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {

static bool is_of_connection(std::string_view name, std::string_view value) noexcept {
  if (equal_ignoring_case(name, "TE")) return !equal_ignoring_case(value, "trailers");
  return is_of_connection(name);
}

h2_request_head::h2_request_head(const outgoing_request& request) {
  require_method(request.method);
  require_fields(request.fields);
  authority_ = request.fields.get("Host").value_or(request.target.host_with_port());
  append_target(path_, request.target, target_form::origin);
  const bool changes_protocol = !request.protocol.empty();
  fields_.push_back({":method", changes_protocol ? "CONNECT" : request.method});
  if (changes_protocol) fields_.push_back({":protocol", request.protocol});
  fields_.insert(fields_.end(), {{":scheme", request.target.scheme()}, {":authority", authority_}, {":path", path_}});
  const headers* const about_connection = fields_that_say("Connection", request);
  for_each_field(request, [&](std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "Host") || is_of_connection(name, value)) return;
    if (changes_protocol && equal_ignoring_case(name, "Sec-WebSocket-Key")) return;  // RFC 8441, 5
    if (about_connection != nullptr && about_connection->contains_token("Connection", name)) return;
    if (equal_ignoring_case(name, "Cookie")) return add_cookies(value);
    fields_.push_back({name, value});
  });
  const auto length = announced_length(request);
  if (!length) return;
  length_ = std::to_string(*length);
  fields_.push_back({"content-length", length_});
}

// One by one they compress better: those that stay the same are in the table (RFC 9113, 8.2.3).
void h2_request_head::add_cookies(std::string_view cookies) {
  constexpr std::string_view between = "; ";
  for (;;) {
    const std::size_t end = cookies.find(between);
    fields_.push_back({"cookie", cookies.substr(0, end)});
    if (end == std::string_view::npos) return;
    cookies.remove_prefix(end + between.size());
  }
}

}  // namespace hocket::http::detail
