#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include <hocket/base/error.hpp>
#include <hocket/http/body.hpp>

namespace hocket::http {
namespace {

/// Lets no more through than was announced.
class measuring_writer final : public body_writer {
 public:
  measuring_writer(body_writer& to, std::uint64_t announced) noexcept : to_(to), left_(announced) {}

  HOCKET_CORO_WRAPPER coro<void> write(std::string_view piece) override {
    account(piece.size());
    return to_.write(piece);
  }
  HOCKET_CORO_WRAPPER coro<void> write_file(file& from, std::uint64_t offset, std::uint64_t length) override {
    account(length);
    return to_.write_file(from, offset, length);
  }
  HOCKET_CORO_WRAPPER coro<void> flush() override { return to_.flush(); }
  void add_trailer(std::string_view name, std::string_view value) override { to_.add_trailer(name, value); }

  void finish() const {
    if (left_ > 0) throw error(fmt::format("a part of the body has {} bytes less than was said of it", left_));
  }

 private:
  void account(std::uint64_t size) {
    if (size > left_) throw invalid_state_error("a part of the body has more bytes than was said of it");
    left_ -= size;
  }

  body_writer& to_;
  std::uint64_t left_;
};

}  // namespace

void body_writer::add_trailer(std::string_view, std::string_view) {
  throw invalid_state_error("nothing is sent behind this body");
}

const headers& body_source::trailers() const noexcept {
  static const headers none;
  return none;
}

coro<void> detail::relay(body_source& from, body_writer& to) {
  for (auto piece = co_await from.next(); !piece.empty(); piece = co_await from.next()) co_await to.write(piece);
}

body body::of_file(file from) {
  struct stat state{};
  if (const int answer = from.status(state); answer < 0)
    throw std::system_error(-answer, std::system_category(), fmt::format("cannot send '{}'", from.path()));
  if (!S_ISREG(state.st_mode)) throw error(fmt::format("'{}' is no file: how much is in it is not known", from.path()));
  const auto size = static_cast<std::uint64_t>(state.st_size);
  return of_file(std::move(from), 0, size);
}

body body::sequence(std::vector<body> parts) { return body(content(std::move(parts))); }

body body::relay(body_source& from, std::optional<std::uint64_t> length) {
  auto produce = [&from](body_writer& to) -> coro<void> { co_await detail::relay(from, to); };
  return body(content(std::make_unique<stream_part>(std::move(produce), length, false)));
}

std::optional<std::uint64_t> body::length() const noexcept {
  if (const auto* part = std::get_if<file_part>(&content_)) return part->length;
  if (const auto* part = std::get_if<std::unique_ptr<stream_part>>(&content_)) return (*part)->length;
  if (const auto* parts = std::get_if<std::vector<body>>(&content_)) {
    std::uint64_t sum = 0;
    for (const body& each : *parts) {
      const auto length = each.length();
      if (!length) return std::nullopt;
      sum += *length;
    }
    return sum;
  }
  return in_memory()->size();
}

bool body::can_repeat() const noexcept {
  if (const auto* parts = std::get_if<std::vector<body>>(&content_))
    return std::ranges::all_of(*parts, &body::can_repeat);
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
  else if (auto* parts = std::get_if<std::vector<body>>(&content_))
    for (body& each : *parts) co_await each.write_measured(to);
  else
    co_await std::get<std::unique_ptr<stream_part>>(content_)->produce(to);
}

coro<void> body::write_measured(body_writer& to) {
  const auto announced = length();
  if (!announced) co_return co_await write_to(to);
  measuring_writer measured(to, *announced);
  co_await write_to(measured);
  measured.finish();
}

}  // namespace hocket::http
