#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace hocket {
namespace detail {

// The size of a literal is known when this is compiled, so that to copy it is an instruction or two.
template <std::size_t Size>
constexpr std::size_t size_of_piece(const char (&)[Size]) noexcept {
  return Size - 1;
}
constexpr std::size_t size_of_piece(std::string_view text) noexcept { return text.size(); }

template <std::size_t Size>
constexpr char* copy_piece(const char (&literal)[Size], char* to) noexcept {
  return std::copy_n(literal, Size - 1, to);
}
constexpr char* copy_piece(std::string_view text, char* to) noexcept { return to + text.copy(to, text.size()); }

}  // namespace detail

/// Appends pieces, literals and views, to `to`, which grows at most once. None may be a part of `to`.
template <class Allocator, class... Pieces>
void append(std::basic_string<char, std::char_traits<char>, Allocator>& to, const Pieces&... pieces) {
  const std::size_t before = to.size();
  const std::size_t size = before + (detail::size_of_piece(pieces) + ...);
  to.resize_and_overwrite(size, [&](char* text, std::size_t /*room*/) {
    char* at = text + before;
    ((at = detail::copy_piece(pieces, at)), ...);
    return size;
  });
}

}  // namespace hocket
