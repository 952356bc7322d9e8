#include <hocket/http/body.hpp>

namespace hocket::http {

coro<void> detail::relay(body_source& from, body_writer& to) {
  for (auto piece = co_await from.next(); !piece.empty(); piece = co_await from.next()) co_await to.write(piece);
}

body body::relay(body_source& from, std::optional<std::uint64_t> length) {
  auto produce = [&from](body_writer& to) -> coro<void> { co_await detail::relay(from, to); };
  return body(content(std::make_unique<stream_part>(std::move(produce), length, false)));
}

std::optional<std::uint64_t> body::length() const noexcept {
  if (const auto* part = std::get_if<file_part>(&content_)) return part->length;
  if (const auto* part = std::get_if<std::unique_ptr<stream_part>>(&content_)) return (*part)->length;
  return in_memory()->size();
}

bool body::can_repeat() const noexcept {
  const auto* part = std::get_if<std::unique_ptr<stream_part>>(&content_);
  return part == nullptr || (*part)->can_repeat;
}

std::optional<std::string_view> body::in_memory() const noexcept {
  if (const auto* text = std::get_if<std::string>(&content_)) return *text;
  if (const auto* text = std::get_if<std::string_view>(&content_)) return *text;
  return std::nullopt;
}

coro<void> body::write_to(body_writer& to) {
  if (const auto bytes = in_memory())
    co_await to.write(*bytes);
  else if (auto* part = std::get_if<file_part>(&content_))
    co_await to.write_file(part->from, part->offset, part->length);
  else
    co_await std::get<std::unique_ptr<stream_part>>(content_)->produce(to);
}

}  // namespace hocket::http
