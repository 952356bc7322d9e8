// Input: the value of a field, or what a netrc file or a connection behind a proxy begins with, for the parsers of each.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/http/auth/auth_challenge.hpp>
#include <hocket/http/auth/basic_auth.hpp>
#include <hocket/http/auth/bearer_auth.hpp>
#include <hocket/http/auth/digest_auth.hpp>
#include <hocket/http/auth/netrc.hpp>
#include <hocket/http/field/base64.hpp>
#include <hocket/http/forwarded/forwarded.hpp>
#include <hocket/http/forwarded/proxy_protocol.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/http/range/preconditions.hpp>
#include <hocket/http/websocket/detail/deflate_agreement.hpp>
#include <hocket/http/websocket/detail/handshake.hpp>

namespace {

using namespace hocket::http;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_auth(std::string_view text) {
  if (const auto basic = parse_basic(text)) require(parse_basic(format_basic(*basic)) == basic);
  if (const auto token = parse_bearer(text)) require(parse_bearer(format_bearer(*token)) == token);
  if (const auto bytes = base64_decode(text)) require(base64_encode(*bytes) == text);
  if (const auto bytes = base64url_decode(text)) require(base64url_encode(*bytes) == text);
  const auto challenges = parse_auth_challenges(text);
  if (!challenges) return;
  for (const auto& at : *challenges) {
    const auto digest = parse_digest_challenge(at);
    if (!digest) continue;
    digest_session session(*digest, "user", "password");
    const auto answer = parse_credentials(session.authorize("GET", "/", "cnonce", ""));
    require(answer && answer->get("realm") == digest->realm && answer->get("nonce") == digest->nonce);
    static_cast<void>(session.take_authentication_info(text));
  }
}

// What a server makes of any offer the client that has made it takes.
void check_websocket(std::string_view text) {
  headers fields;
  try {
    fields.add("Sec-WebSocket-Extensions", text);
    const std::optional<websocket_deflate> wanted = websocket_deflate{.window_bits = 15};
    if (const auto accepted = detail::accept_deflate(fields, *wanted)) {
      const auto agreed = detail::agree_on_deflate({{"Sec-WebSocket-Extensions", accepted->field}}, wanted);
      const auto same = [](deflate_window a, deflate_window b) {
        return a.bits == b.bits && a.keeps_context == b.keeps_context && a.bits >= 8 && a.bits <= 15;
      };
      require(agreed && same(agreed->client, accepted->agreed.client) && same(agreed->server, accepted->agreed.server));
    }
    static_cast<void>(detail::agree_on_deflate(fields, wanted));
  } catch (const hocket::error&) {
  }
  try {
    const auto tokens = detail::tokens_of(fields, "Sec-WebSocket-Extensions");
    const std::vector<std::string> copies(tokens.begin(), tokens.end());
    require(detail::tokens_of({{"List", detail::list_of_tokens(copies)}}, "List").size() == tokens.size());
  } catch (const hocket::error&) {
  }
}

void check_netrc(std::string_view text) {
  try {
    const auto file = netrc::parse(text);
    static_cast<void>(file.find("example.org"));
  } catch (const netrc_error&) {
  }
}

void check_ranges(std::string_view text) {
  constexpr std::uint64_t size = 1000;
  if (const auto ranges = parse_range(text, size)) {
    std::uint64_t sum = 0;
    for (const auto& at : *ranges) {
      require(at.size > 0 && at.first < size && at.size <= size - at.first);
      sum += at.size;
    }
    require(!ranges->empty() && sum <= size);
  }
  if (const auto range = parse_content_range(text)) require(parse_content_range(format_content_range(*range)) == range);
  if (const auto tag = parse_entity_tag(text)) require(parse_entity_tag(format_entity_tag(*tag)) == tag);
  static_cast<void>(parse_entity_tags(text));
  const std::chrono::sys_seconds now = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};
  if (const auto wait = parse_retry_after(text, now)) require(wait->count() >= 0);
}

void check_forwarded(std::string_view text) {
  static_cast<void>(parse_forwarded_node(text));
  if (const auto network = ip_network::parse(text)) require(ip_network::parse(network->to_string()) == network);
  headers fields;
  try {
    fields.add("Forwarded", text);
    fields.add("X-Forwarded-For", text);
    fields.add("X-Forwarded-Host", text);
  } catch (const hocket::error&) {
    return;
  }
  static const ip_network all = ip_network::parse("0.0.0.0/0").value();
  for (const auto which : {forwarded_fields::forwarded, forwarded_fields::x_forwarded}) {
    const auto origin = trusted_proxies({all}, which).resolve({hocket::socket_address(), "http", "direct"}, fields);
    require(!origin || (!origin->host.empty() && origin->host.find_first_of("/\\ \"") == std::string::npos));
  }
}

void check_proxy_header(std::string_view bytes) {
  const auto whole = parse_proxy_header(bytes);
  if (!whole || !*whole) return;
  require((*whole)->size_bytes <= bytes.size());
  for (std::size_t size = 0; size < (*whole)->size_bytes; ++size) {
    const auto part = parse_proxy_header(bytes.substr(0, size));
    require(part && !*part);
  }
  require(parse_proxy_header(bytes.substr(0, (*whole)->size_bytes)) == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_auth(text);
  check_netrc(text);
  check_websocket(text);
  check_ranges(text);
  check_forwarded(text);
  check_proxy_header(text);
  return 0;
}
