#pragma once

#include <concepts>
#include <cstdio>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <hocket/flow/action.hpp>
#include <hocket/flow/pipe.hpp>

namespace hocket::flow {

struct print_options {
  std::string end = "\n";
  std::FILE* file = stdout;
  bool flush = false;
};

namespace detail {

using printable = std::variant<bool, char, long long, unsigned long long, float, double, std::string_view>;

/// Throws std::invalid_argument without a file.
void check(const print_options& options);
void print(const std::string& format, const print_options& options, const printable& item);

template <class T>
void print_item(const std::string& format, const print_options& options, const T& item) {
  if constexpr (std::same_as<T, bool> || std::same_as<T, char> || std::same_as<T, float> || std::same_as<T, double>) {
    print(format, options, item);
  } else if constexpr (std::signed_integral<T>) {
    print(format, options, static_cast<long long>(item));
  } else if constexpr (std::unsigned_integral<T>) {
    print(format, options, static_cast<unsigned long long>(item));
  } else if constexpr (std::convertible_to<const T&, std::string_view>) {
    print(format, options, static_cast<std::string_view>(item));
  } else {
    std::ostringstream text;
    text.exceptions(std::ios::badbit);  // or it would swallow what the operator throws
    text << item;
    print(format, options, text.view());
  }
}

}  // namespace detail

/// Prints each item and gives it on. `format` is as {fmt} and std::format have it, "{:>8}" for example: it formats numbers and
/// strings as such, and anything else as the string that its `operator<<` writes.
///
/// The loop waits for the file. Throws std::invalid_argument for a format that does not suit the item, std::system_error if the
/// file cannot be written. Counterpart: aiostream.pipe.print.
[[nodiscard]] inline auto print(std::string format = "{}", print_options options = {}) {
  detail::check(options);
  return action([format = std::move(format), options = std::move(options)](const auto& item) {
    detail::print_item(format, options, item);
  });
}

/// The same, of what `text_of(item)` gives.
template <class Function>
  requires(!std::convertible_to<Function, std::string>)
[[nodiscard]] auto print(Function text_of, print_options options = {}) {
  detail::check(options);
  return action([text_of = std::move(text_of), options = std::move(options)](const auto& item) mutable {
    detail::print_item("{}", options, text_of(item));
  });
}

}  // namespace hocket::flow
