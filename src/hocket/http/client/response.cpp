#include <fmt/format.h>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/body_text.hpp>
#include <hocket/http/client/detail/exchange.hpp>
#include <hocket/http/client/detail/save_body.hpp>
#include <hocket/http/client/response.hpp>
#include <hocket/http/date.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/range/byte_range.hpp>
#include <hocket/http/range/preconditions.hpp>

namespace hocket::http {

response::response(std::unique_ptr<detail::exchange> exchange) noexcept : exchange_(std::move(exchange)) {}
response::response(response&&) noexcept = default;
response& response::operator=(response&&) noexcept = default;
response::~response() = default;

int response::status() const noexcept { return exchange_->head.status; }
const std::string& response::reason() const noexcept { return exchange_->head.reason; }
std::string_view response::version() const noexcept { return exchange_->head.version; }
const http::headers& response::headers() const noexcept { return exchange_->head.fields; }
const url& response::url() const noexcept { return exchange_->target; }
const std::vector<redirect_hop>& response::history() const noexcept { return exchange_->history; }
std::optional<std::uint64_t> response::content_length() const noexcept {
  return exchange_->is_decoded() ? std::nullopt : exchange_->head.content_length;
}
std::uint64_t response::received() const noexcept { return exchange_->received; }

std::string response::charset() const { return parse_media_type(headers().get("Content-Type").value_or("")).charset; }
std::optional<encoding> response::encoding() const { return encoding_for_label(charset()); }

std::optional<std::chrono::seconds> response::retry_after() const {
  const auto field = headers().get("Retry-After");
  if (!field) return std::nullopt;
  const auto date = parse_date(headers().get("Date").value_or(""), {});
  const bool is_number = field->find_first_not_of("0123456789") == std::string_view::npos;
  if (!date && !is_number) return std::nullopt;
  return parse_retry_after(*field, date.value_or(std::chrono::sys_seconds()));
}

validators response::validators() const { return http::validators::of(headers()); }

bool response::is_at_end(std::uint64_t size) const {
  constexpr int range_not_satisfiable = 416;
  if (status() != range_not_satisfiable) return false;
  const auto said = parse_content_range(headers().get("Content-Range").value_or(""));
  return said && said->size == size;
}

void response::raise_for_status() const {
  if (!ok()) throw status_error(status());
}

const http::headers& response::trailers() const noexcept { return exchange_->trailers; }
coro<std::string_view> response::next() { return exchange_->next(); }
coro<void> response::drain() { return exchange_->drain(); }

coro<std::string> response::read(std::size_t limit_bytes) {
  std::string whole;
  const auto too_large = [&] { return body_too_large(fmt::format("the body is larger than {} bytes", limit_bytes)); };
  const std::uint64_t announced = exchange_->is_decoded() ? 0 : exchange_->announced_bytes();
  if (announced > limit_bytes) throw too_large();
  whole.reserve(announced);
  for (;;) {
    const std::string_view piece = co_await next();
    if (piece.empty()) co_return whole;
    if (piece.size() > limit_bytes - whole.size()) throw too_large();
    whole += piece;
  }
}

coro<std::string> response::text(text_options options) {
  std::string body = co_await read(options.limit_bytes);
  co_return detail::text_of(std::move(body), charset(), options);
}

coro<std::uint64_t> response::save_to(std::string path, save_options options) {
  if (options.resume && status() == 206)
    co_return co_await detail::append_body(*this, std::move(path), std::move(options.on_progress));
  if (options.resume && status() == 200)
    co_return co_await detail::begin_with_body(*this, std::move(path), std::move(options.on_progress));
  co_return co_await detail::replace_with_body(*this, std::move(path), std::move(options.on_progress));
}

}  // namespace hocket::http
