#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include <hocket/base/append.hpp>
#include <hocket/redis/request.hpp>

namespace hocket::redis {

static std::string_view view(const fmt::format_int& number) noexcept { return {number.data(), number.size()}; }

void request::append_to(std::string& bytes) const {
  const fmt::format_int count(words_);
  append(bytes, "*", view(count), "\r\n", bytes_);
}

void request::add_text(std::string_view word) {
  const fmt::format_int size(word.size());
  append(bytes_, "$", view(size), "\r\n", word, "\r\n");
  ++words_;
}

void request::add_integer(std::int64_t word) { add_text(view(fmt::format_int(word))); }

void request::add_unsigned(std::uint64_t word) { add_text(view(fmt::format_int(word))); }

// The shortest text that is read as the same number.
void request::add_real(double word) {
  if (std::isinf(word)) return add_text(word > 0 ? "inf" : "-inf");
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), word).ptr;
  add_text({digits, static_cast<std::size_t>(end - digits)});
}

}  // namespace hocket::redis
