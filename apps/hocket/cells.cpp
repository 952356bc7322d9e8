#include "cells.hpp"

#include <cwchar>

#include <hocket/base/utf8.hpp>

namespace hocket::app {
namespace {

struct fitted_text {
  std::string text;
  std::size_t columns = 0;
  std::size_t taken = 0;  // bytes of what was given
};

fitted_text fit(std::string_view text, std::size_t columns) {
  fitted_text shown;
  while (!text.empty()) {
    const utf8_character first = leading_utf8(text);
    const int width = ::wcwidth(static_cast<wchar_t>(first.value));
    const std::size_t taken = width < 0 ? 1 : static_cast<std::size_t>(width);
    if (shown.columns + taken > columns) break;
    append_utf8(shown.text, width < 0 ? U'?' : first.value);
    shown.columns += taken;
    shown.taken += first.size;
    text.remove_prefix(first.size);
  }
  return shown;
}

}  // namespace

std::size_t columns_of(std::string_view text) { return fit(text, static_cast<std::size_t>(-1)).columns; }

std::size_t leading_bytes(std::string_view text, std::size_t columns) { return fit(text, columns).taken; }

std::string cut(std::string_view text, std::size_t columns) { return fit(text, columns).text; }

std::string padded(std::string_view text, std::size_t columns) {
  fitted_text shown = fit(text, columns);
  return shown.text.append(columns - shown.columns, ' ');
}

std::string right_aligned(std::string_view text, std::size_t columns) {
  const fitted_text shown = fit(text, columns);
  return std::string(columns - shown.columns, ' ') + shown.text;
}

}  // namespace hocket::app
