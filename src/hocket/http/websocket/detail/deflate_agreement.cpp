#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/websocket/detail/deflate_agreement.hpp>

namespace hocket::http::detail {
namespace {

constexpr std::string_view field = "Sec-WebSocket-Extensions";
constexpr std::string_view deflate = "permessage-deflate";
constexpr int most_window_bits = 15;

int bits_of(const websocket_deflate& wanted) { return std::clamp(wanted.window_bits, 9, most_window_bits); }

struct parameter {
  std::string_view name;
  std::optional<std::string> value;
};

struct extension {
  std::string_view name;
  std::vector<parameter> parameters;
};

[[noreturn]] void refuse() { throw error("malformed Sec-WebSocket-Extensions"); }

extension take_extension(field_cursor& at) {
  extension one{.name = at.take_token(), .parameters = {}};
  if (one.name.empty()) refuse();
  for (;;) {
    if (at.at_end_of_element()) return one;
    if (!at.take(';')) refuse();
    at.skip_blanks();
    parameter next{.name = at.take_token(), .value = {}};
    if (next.name.empty()) refuse();
    if (at.take('=')) {
      next.value = at.take_parameter_value();
      if (!next.value) refuse();
    }
    one.parameters.push_back(std::move(next));
  }
}

std::vector<extension> extensions_of(const headers& fields) {
  std::vector<extension> all;
  for (const std::string_view value : fields.get_all(field)) {
    field_cursor at(value);
    for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) all.push_back(take_extension(at));
  }
  return all;
}

/// What the parameters of one say. `has_...`: a window without a number.
struct demands {
  bool client_forgets = false;
  bool server_forgets = false;
  bool has_client_window = false;
  std::optional<int> client_window;
  std::optional<int> server_window;
};

std::optional<int> window_in(const std::optional<std::string>& value) {
  if (!value || value->empty() || value->front() == '0') return std::nullopt;
  int bits = 0;
  const auto [end, failed] = std::from_chars(value->data(), value->data() + value->size(), bits);
  const bool is_window = failed == std::errc() && end == value->data() + value->size() && bits >= 8 && bits <= 15;
  return is_window ? std::optional(bits) : std::nullopt;
}

bool is_named_twice(const extension& in, std::string_view name) {
  return std::ranges::count(in.parameters, name, &parameter::name) > 1;
}

/// Nothing of one that cannot be taken: what is unknown, said twice, or no window (RFC 7692, 7.1).
std::optional<demands> read(const extension& given, bool is_offer) {
  demands found;
  for (const parameter& each : given.parameters) {
    if (is_named_twice(given, each.name)) return std::nullopt;
    if (each.name == "client_no_context_takeover" && !each.value) {
      found.client_forgets = true;
    } else if (each.name == "server_no_context_takeover" && !each.value) {
      found.server_forgets = true;
    } else if (each.name == "client_max_window_bits" && (each.value || is_offer)) {
      found.has_client_window = true;
      found.client_window = window_in(each.value);
      if (each.value && !found.client_window) return std::nullopt;
    } else if (each.name == "server_max_window_bits" && each.value) {
      found.server_window = window_in(each.value);
      if (!found.server_window) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return found;
}

accepted_deflate accept(const demands& offer, const websocket_deflate& wanted) {
  deflate_agreement agreed;
  agreed.client.keeps_context = !offer.client_forgets && wanted.context_takeover;
  agreed.server.keeps_context = !offer.server_forgets && wanted.context_takeover;
  agreed.server.bits = std::min(bits_of(wanted), offer.server_window.value_or(most_window_bits));
  if (offer.has_client_window)
    agreed.client.bits = std::min(bits_of(wanted), offer.client_window.value_or(most_window_bits));
  std::string answer(deflate);
  if (!agreed.client.keeps_context) answer += "; client_no_context_takeover";
  if (!agreed.server.keeps_context) answer += "; server_no_context_takeover";
  if (offer.has_client_window) answer += fmt::format("; client_max_window_bits={}", agreed.client.bits);
  if (agreed.server.bits < most_window_bits || offer.server_window)
    answer += fmt::format("; server_max_window_bits={}", agreed.server.bits);
  return {agreed, std::move(answer)};
}

}  // namespace

std::string offer_deflate(const websocket_deflate& wanted) {
  std::string offer(deflate);
  if (!wanted.context_takeover) offer += "; client_no_context_takeover; server_no_context_takeover";
  offer += "; client_max_window_bits";
  if (bits_of(wanted) == most_window_bits) return offer;
  return fmt::format("{0}; server_max_window_bits={1}, {0}", offer, bits_of(wanted));
}

std::optional<accepted_deflate> accept_deflate(const headers& asked, const websocket_deflate& wanted) {
  for (const extension& each : extensions_of(asked)) {
    if (each.name != deflate) continue;
    if (const auto offer = read(each, true)) return accept(*offer, wanted);
  }
  return std::nullopt;
}

std::optional<deflate_agreement> agree_on_deflate(const headers& answered,
                                                  const std::optional<websocket_deflate>& offered) {
  const auto unasked = [] { return protocol_error("the server has agreed to an extension that nobody has offered"); };
  std::vector<extension> all;
  try {
    all = extensions_of(answered);
  } catch (const error& malformed) {
    throw protocol_error(malformed.what());
  }
  if (all.empty()) return std::nullopt;
  if (!offered || all.size() > 1 || all.front().name != deflate) throw unasked();
  const auto given = read(all.front(), false);
  if (!given) throw protocol_error("the server has agreed to another compression than was offered");
  deflate_agreement agreed;
  agreed.client.keeps_context = !given->client_forgets && offered->context_takeover;
  agreed.server.keeps_context = !given->server_forgets;
  agreed.client.bits = std::min(bits_of(*offered), given->client_window.value_or(most_window_bits));
  agreed.server.bits = given->server_window.value_or(most_window_bits);
  if (!offered->context_takeover && agreed.server.keeps_context)
    throw protocol_error("the server has agreed to a compression that needs more memory than was offered");
  return agreed;
}

}  // namespace hocket::http::detail
