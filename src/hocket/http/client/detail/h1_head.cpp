#include <iterator>

#include <fmt/format.h>

#include <hocket/http/client/detail/h1_head.hpp>
#include <hocket/http/client/detail/request_fields.hpp>

namespace hocket::http::detail {
namespace {

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

void write_line(std::string& head, const outgoing_request& request) {
  require_method(request.method);
  head.append(request.method).append(" ");
  append_target(head, request.target, request.form);
  head.append(" HTTP/1.1\r\n");
}

void write_host(std::string& head, const outgoing_request& request) {
  if (request.form == target_form::authority) {
    head.append("Host: ");
    append_target(head, request.target, request.form);
    head.append("\r\n");
  } else if (!request.fields.contains("Host")) {
    add(head, "Host", request.target.host_with_port());
  }
}

void write_framing(std::string& head, const outgoing_request& request) {
  if (request.content != nullptr && !request.content->length()) return add(head, "Transfer-Encoding", "chunked");
  if (const auto length = announced_length(request))
    fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", *length);
}

}  // namespace

void write_head(std::string& head, const outgoing_request& request) {
  head.clear();
  require_fields(request.fields);
  write_line(head, request);
  write_host(head, request);
  for_each_field(request, [&head](std::string_view name, std::string_view value) { add(head, name, value); });
  write_framing(head, request);
  head.append("\r\n");
}

}  // namespace hocket::http::detail
