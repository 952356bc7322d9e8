#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include <hocket/http/detail/connection_fields.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/detail/date_line.hpp>
#include <hocket/http/server/reply.hpp>
#include <hocket/http/server/server.hpp>

namespace hocket::http::detail {

/// The fields with which a reply goes: its own, without those of the framing, and ours. Alive as long as the reply, and until the next is made.
class reply_fields {
 public:
  /// `length`: of the body, be it sent or not, where it is known.
  reply_fields(const reply& given, std::optional<std::uint64_t> length, bool answers_head,
               const server_options& options, date_line& date)
      : given_(given), length_(length), options_(options) {
    if (options.wall_clock != nullptr && !given.headers.contains("Date")) date_ = date.value_at(options.wall_clock());
    may_say_length_ =
        given.body.is_empty() && given.status >= 200 && given.status != 204 && (answers_head || given.status == 304);
  }

  /// Calls `add(name, value)` for each.
  template <class Add>
  void for_each(Add add) {
    if (!options_.name.empty() && !given_.headers.contains("Server")) add("Server", options_.name);
    if (!date_.empty()) add("Date", date_);
    std::optional<std::uint64_t> length = length_;
    for (const auto& [name, value] : given_.headers) {
      if (is_framing(name)) continue;
      if (equal_ignoring_case(name, "Content-Length")) {
        if (!may_say_length_) continue;
        length.reset();
      }
      add(name, value);
    }
    if (!length) return;
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), *length).ptr;
    add("Content-Length", std::string_view(digits_.data(), end));
  }

 private:
  // What a reply may say of its connection: that it changes, or what it could change to.
  static bool is_framing(std::string_view name) noexcept {
    return is_of_connection(name) && !equal_ignoring_case(name, "Upgrade");
  }

  const reply& given_;
  std::optional<std::uint64_t> length_;
  const server_options& options_;
  std::string_view date_;
  bool may_say_length_;
  std::array<char, 20> digits_;
};

}  // namespace hocket::http::detail
