#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <hocket/redis/client_options.hpp>
#include <hocket/redis/detail/numbers.hpp>
#include <hocket/tls/tls_context.hpp>
#include <hocket/url/form_urlencoded.hpp>
#include <hocket/url/percent_encoding.hpp>
#include <hocket/url/url.hpp>

namespace hocket::redis {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw std::invalid_argument(fmt::format("this is no URL of a server of Redis: {}", why));
}

void set_database(client_options& made, std::string_view number) {
  const auto database = detail::parse_integer<unsigned>(number);
  if (!database) refuse("its database is no number");
  made.database = *database;
}

void set_protocol(client_options& made, std::string_view number) {
  if (number != "2" && number != "3") refuse("its protocol is neither 2 nor 3");
  made.protocol = number == "2" ? protocol_version::resp2 : protocol_version::resp3;
}

void take_query(client_options& made, std::string_view query) {
  const auto fields = parse_form_urlencoded(query);
  if (!fields) refuse("its query is too long");
  for (const form_field& each : *fields) {
    if (each.name == "db")
      set_database(made, each.value);
    else if (each.name == "username")
      made.username = each.value;
    else if (each.name == "password")
      made.password = each.value;
    else if (each.name == "client_name")
      made.client_name = each.value;
    else if (each.name == "protocol")
      set_protocol(made, each.value);
    else
      refuse(fmt::format("its query has '{}'", each.name));
  }
}

// An IPv6 address stands in brackets there, and without them here.
std::string host_of(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return std::string(host.substr(1, host.size() - 2));
  return percent_decode(host);
}

}  // namespace

client_options options_from_url(std::string_view text, client_options others) {
  const auto parsed = url::parse(text);
  if (!parsed) refuse("it cannot be read");
  client_options made = std::move(others);
  if (parsed->scheme() == "unix") {
    made.unix_socket = percent_decode(parsed->path());
    if (made.unix_socket.size() < 2) refuse("it has no path");
  } else if (parsed->scheme() == "redis" || parsed->scheme() == "rediss") {
    made.unix_socket.clear();
    if (!parsed->host().empty()) made.host = host_of(parsed->host());
    if (parsed->port()) made.port = *parsed->port();
    if (const auto path = parsed->path(); path.size() > 1) set_database(made, path.substr(1));
    if (parsed->scheme() == "redis")
      made.tls = nullptr;
    else if (made.tls == nullptr)
      made.tls = tls_context::client();
  } else {
    refuse("its scheme is none of redis, rediss, unix");
  }
  if (parsed->has_credentials()) {
    made.username = percent_decode(parsed->username());
    made.password = percent_decode(parsed->password());
  }
  take_query(made, parsed->query());
  return made;
}

}  // namespace hocket::redis
