#include <fmt/format.h>

#include <hocket/http/json.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/server/detail/require_no_coding.hpp>

namespace hocket::http {
namespace {

/// Before a tree of it is built. What is malformed has some depth too.
bool is_deeper_than(std::string_view text, std::size_t most) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_string) {
      if (c == '\\') ++at;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > most) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

coro<nlohmann::json> read_json(request& asked, json_limits limits) {
  const std::string essence = parse_media_type(asked.headers().get("Content-Type").value_or("")).essence;
  if (essence != "application/json" && !essence.ends_with("+json")) throw http_error(415, "this takes JSON");
  detail::require_no_coding(asked);
  const std::string text = co_await asked.read(limits.size_bytes);
  if (is_deeper_than(text, limits.depth))
    throw http_error(400, fmt::format("the JSON is deeper than {}", limits.depth));
  try {
    co_return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& problem) {
    throw http_error(400, fmt::format("the JSON is malformed at byte {}", problem.byte));
  } catch (const nlohmann::json::exception&) {
    throw http_error(400, "the JSON has a number that is too large");
  }
}

reply json_reply(const nlohmann::json& value, int status) {
  return reply::json(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), status);
}

}  // namespace hocket::http
