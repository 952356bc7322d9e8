#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/arena_allocator.hpp>

namespace hocket::http {

/// The header fields of a message, in their order. Names are compared without regard to ASCII case; one name may occur
/// several times.
///
/// All text lives in one buffer, so that a message of many fields costs two allocations, and none when the object is
/// reused after `clear()`. Views handed out stay valid until the next change.
/// Source: RFC 9110, 5.
class headers {
  struct entry {  // the value follows the name in the text
    std::uint32_t offset;
    std::uint32_t name_size;
    std::uint32_t value_size;
  };

 public:
  struct field {
    std::string_view name;
    std::string_view value;
    friend bool operator==(const field&, const field&) = default;
  };

  class iterator {
   public:
    using value_type = field;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    field operator*() const noexcept { return owner_->view(*at_); }
    iterator& operator++() noexcept { return ++at_, *this; }
    iterator operator++(int) noexcept { return {owner_, at_++}; }
    friend bool operator==(const iterator&, const iterator&) = default;

   private:
    friend class headers;
    iterator(const headers* owner, const entry* at) noexcept : owner_(owner), at_(at) {}

    const headers* owner_ = nullptr;
    const entry* at_ = nullptr;
  };

  headers() = default;

  /// As `add` for each: `headers{{"Accept", "text/html"}, {"DNT", "1"}}`.
  headers(std::initializer_list<field> fields);

  /// The value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;

  /// The values of all fields of that name, in order.
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;

  [[nodiscard]] bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

  /// Whether one of the comma-separated lists under `name` has `token` as an element, case ignored:
  /// `contains_token("Connection", "close")`.
  [[nodiscard]] bool contains_token(std::string_view name, std::string_view token) const noexcept;

  /// Appends a field. Whitespace around the value is dropped.
  /// Throws `hocket::error` if the name is no token or the value has a control character (CR, LF and NUL are some).
  void add(std::string_view name, std::string_view value);

  /// Gives the first field of that name this value and removes the others; appends the field if there was none.
  /// Throws as `add`.
  void set(std::string_view name, std::string_view value);

  /// Removes all fields of that name; returns how many there were.
  std::size_t remove(std::string_view name);

  /// `add` without its checks, for a parser that has made them. The name is not empty.
  void add_unchecked(std::string_view name, std::string_view value);

  /// Removes all fields and keeps the memory for the next.
  void clear() noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  /// Fields by value, in order; `for (auto [name, value] : fields)`.
  [[nodiscard]] iterator begin() const noexcept { return {this, entries_.data()}; }
  [[nodiscard]] iterator end() const noexcept { return {this, entries_.data() + entries_.size()}; }

 private:
  [[nodiscard]] field view(const entry& at) const noexcept {
    const char* const name = text_.data() + at.offset;
    return {{name, at.name_size}, {name + at.name_size, at.value_size}};
  }
  void replace_text(std::size_t offset, std::size_t size, std::string_view replacement);

  std::basic_string<char, std::char_traits<char>, arena_allocator<char>> text_;
  std::vector<entry, arena_allocator<entry>> entries_;
};

}  // namespace hocket::http
