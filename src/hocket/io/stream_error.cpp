#include <fmt/format.h>

#include <hocket/io/stream_error.hpp>

namespace hocket {

static std::string what_is_missing(std::size_t got, std::optional<std::size_t> expected) {
  if (!expected) return fmt::format("the stream ended after {} bytes without the separator", got);
  return fmt::format("the stream ended after {} of {} bytes", got, *expected);
}

incomplete_read_error::incomplete_read_error(std::string partial, std::optional<std::size_t> expected)
    : error(what_is_missing(partial.size(), expected)), partial_(std::move(partial)), expected_(expected) {}

}  // namespace hocket
