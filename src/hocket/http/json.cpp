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

bool is_json(std::string_view content_type, bool of_application) {
  const std::string essence = parse_media_type(content_type).essence;
  if (of_application && !essence.starts_with("application/")) return false;
  return essence == "application/json" || essence.ends_with("+json");
}

/// Without what only the library's own users know: "[json.exception.type_error.302] ".
std::string_view words_of(const nlohmann::json::exception& why) {
  const std::string_view words = why.what();
  const std::size_t end = words.find("] ");
  return words.starts_with('[') && end != std::string_view::npos ? words.substr(end + 2) : words;
}

/// Throws a `Refusal` that says what is wrong with it.
template <class Refusal>
nlohmann::json parse(std::string_view text, std::size_t depth, Refusal refusal) {
  if (is_deeper_than(text, depth)) throw refusal(fmt::format("the JSON is deeper than {}", depth));
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& problem) {
    throw refusal(fmt::format("the JSON is malformed at byte {}", problem.byte));
  } catch (const nlohmann::json::exception&) {
    throw refusal("the JSON has a number that is too large");
  }
}

}  // namespace

namespace detail {

coro<nlohmann::json> read_json(request& asked, json_options how) {
  if (!how.any_type && !is_json(asked.headers().get("Content-Type").value_or(""), false))
    throw http_error(415, "this takes JSON");
  require_no_coding(asked);
  const std::string text = co_await asked.read(how.size_bytes);
  co_return parse(text, how.depth, [](const std::string& words) { return http_error(400, words); });
}

coro<nlohmann::json> read_json(response& answer, json_options how) {
  const auto type = answer.headers().get("Content-Type");
  if (!how.any_type && !is_json(type.value_or(""), true))
    throw content_type_error(type ? fmt::format("the answer is not JSON: its Content-Type is '{}'", *type)
                                  : "the answer does not say that it is JSON: it has no Content-Type");
  text_options text{.strict = true};
  if (how.size_bytes) text.limit_bytes = *how.size_bytes;
  const std::string body = co_await answer.text(text);
  co_return parse(body, how.depth, [](const std::string& words) { return json_error(words); });
}

void refuse_json(const request&, const nlohmann::json::exception& why) {
  throw http_error(400, fmt::format("the JSON is not what this takes: {}", words_of(why)));
}

void refuse_json(const response&, const nlohmann::json::exception& why) {
  throw json_error(fmt::format("the JSON is not what was expected: {}", words_of(why)));
}

}  // namespace detail

reply json_reply(const nlohmann::json& value, int status) {
  return reply::json(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), status);
}

}  // namespace hocket::http
