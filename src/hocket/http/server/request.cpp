#include <algorithm>

#include <fmt/format.h>

#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/server/detail/interim_sink.hpp>
#include <hocket/http/server/request.hpp>

namespace hocket::http {

std::optional<std::string_view> request::find_parameter(std::string_view name) const noexcept {
  const auto found = std::ranges::find(parameters_, name, &named_part::name);
  return found != parameters_.end() ? std::optional<std::string_view>(found->value) : std::nullopt;
}

std::string_view request::parameter(std::string_view name) const {
  if (const auto found = find_parameter(name)) return *found;
  throw invalid_state_error(fmt::format("the route of {} has no part that is called '{}'", path(), name));
}

coro<std::string> request::read(std::optional<std::size_t> limit_bytes) {
  const std::size_t limit = limit_bytes.value_or(max_body_);
  const auto require_room = [limit](std::uint64_t size) {
    if (size > limit)
      throw http_error(413, fmt::format("the request's body is larger than {}", detail::in_words(limit)));
  };
  require_room(content_length_.value_or(0));
  std::string whole;
  whole.reserve(content_length_.value_or(0));
  for (;;) {
    const std::string_view piece = co_await next();
    if (piece.empty()) co_return whole;
    require_room(whole.size() + piece.size());
    whole += piece;
  }
}

coro<void> request::send_early_hints(http::headers fields) { co_await interim_->send_early_hints(fields); }

}  // namespace hocket::http
