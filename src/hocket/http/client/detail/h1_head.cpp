#include <iterator>

#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/credential_fields.hpp>
#include <hocket/http/client/detail/h1_head.hpp>
#include <hocket/http/detail/authority.hpp>
#include <hocket/http/detail/syntax.hpp>

namespace hocket::http::detail {
namespace {

// RFC 9110, 8.6: these say so even if they have no body.
bool usually_has_body(std::string_view method) noexcept {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

void refuse_framing(std::string_view name) {
  if (equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Transfer-Encoding"))
    throw client_error(fmt::format("{} is not for the caller to say: it follows from the body", name));
}

// A proxy and a server that each believe another one can be played against each other (RFC 9112, 3.2).
void require_one_host(const headers& fields) {
  const auto hosts = fields.get_all("Host");
  if (hosts.size() > 1) throw client_error("more than one Host");
  if (!is_authority(hosts.front()))
    throw client_error(fmt::format("Host is no host with perhaps a port: '{}'", hosts.front()));
}

// A middleware may have set the method.
void write_line(std::string& head, const outgoing_request& request) {
  if (!is_token(request.method)) throw client_error("the method is not a token");
  head.append(request.method).append(" ");
  append_target(head, request.target, request.form);
  head.append(" HTTP/1.1\r\n");
}

void write_framing(std::string& head, const outgoing_request& request) {
  if (is_chunked(request)) return add(head, "Transfer-Encoding", "chunked");
  const std::uint64_t length = request.content != nullptr ? *request.content->length() : 0;
  if (length == 0 && !usually_has_body(request.method)) return;
  fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", length);
}

}  // namespace

bool is_chunked(const outgoing_request& request) noexcept {
  return request.content != nullptr && !request.content->length();
}

const headers* fields_that_say(std::string_view name, const outgoing_request& request) noexcept {
  if (request.fields.contains(name)) return &request.fields;
  if (request.added != nullptr && request.added->contains(name)) return request.added;
  if (request.defaults != nullptr && request.defaults->contains(name)) return request.defaults;
  return nullptr;
}

void write_head(std::string& head, const outgoing_request& request) {
  const headers& fields = request.fields;
  head.clear();
  write_line(head, request);
  if (request.form == target_form::authority) {
    head.append("Host: ");
    append_target(head, request.target, request.form);
    head.append("\r\n");
  } else if (!fields.contains("Host")) {
    add(head, "Host", request.target.host_with_port());
  } else {
    require_one_host(fields);
  }
  const auto is_set = [&](std::string_view name) {
    return fields.contains(name) || (request.added != nullptr && request.added->contains(name));
  };
  for (const auto& [name, value] : fields) {
    refuse_framing(name);
    add(head, name, value);
  }
  if (request.added != nullptr)
    for (const auto& [name, value] : *request.added) add(head, name, value);
  if (request.defaults != nullptr) {
    for (const auto& [name, value] : *request.defaults)
      if (!is_set(name) && !(request.leaves_credentials && is_credential(name))) add(head, name, value);
    if (!is_set("Accept") && !request.defaults->contains("Accept")) add(head, "Accept", "*/*");
  }
  if (request.expect_continue && !fields.contains("Expect")) add(head, "Expect", "100-continue");
  write_framing(head, request);
  head.append("\r\n");
}

}  // namespace hocket::http::detail
