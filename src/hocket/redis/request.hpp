#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace hocket::redis {

class request;

namespace detail {

class word_reader;

template <class T>
concept text_word = std::convertible_to<const T&, std::string_view>;
template <class T>
concept number_word = std::integral<T> || std::floating_point<T>;
template <class T>
concept tuple_of_words = requires { typename std::tuple_size<T>::type; };

}  // namespace detail

/// A command with its arguments, as it goes to the server: a value that owns its bytes.
///
///     redis::request("SET", key, value, "EX", 60)
///     redis::request("HSET", key, std::map<std::string, int>{{"a", 1}, {"b", 2}})
///
/// An argument is text (any bytes), a number, or a pair, tuple or range of those, all of whose items are arguments. What bytes it has
/// does not matter: no argument can become a command of its own.
class request {
 public:
  template <class... Words>
  explicit request(std::string_view name, const Words&... words) {
    bytes_.reserve(overhead + name.size() + (std::size_t(0) + ... + size_of(words)));
    add_text(name);
    add(words...);
  }

  /// Further arguments.
  template <class... Words>
  request& add(const Words&... words) {
    (add_one(words), ...);
    return *this;
  }

  /// To run it twice does no more than to run it once: a connection that is lost before the answer is no reason to fail, and it is sent
  /// again.
  request&& idempotent() && {
    is_idempotent_ = true;
    return std::move(*this);
  }
  [[nodiscard]] bool is_idempotent() const noexcept { return is_idempotent_; }

  /// Name and arguments.
  [[nodiscard]] std::size_t words() const noexcept { return words_; }
  /// About as many bytes as it takes on the wire.
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  /// Appends what is sent: an array of bulk strings.
  void append_to(std::string& bytes) const;

 private:
  friend class detail::word_reader;

  static constexpr std::size_t overhead = 16;  // of an argument: "$12\r\n" and "\r\n", or a number

  template <class Word>
  static std::size_t size_of(const Word& word) noexcept {
    if constexpr (detail::text_word<Word>)
      return overhead + std::string_view(word).size();
    else
      return 2 * overhead;
  }

  template <class Word>
  void add_one(const Word& word) {
    if constexpr (detail::text_word<Word>)
      add_text(word);
    else if constexpr (std::same_as<Word, char>)
      add_text({&word, 1});
    else if constexpr (std::floating_point<Word>)
      add_real(static_cast<double>(word));
    else if constexpr (std::unsigned_integral<Word>)
      add_unsigned(word);
    else if constexpr (std::integral<Word>)
      add_integer(word);
    else if constexpr (detail::tuple_of_words<Word>)
      std::apply([this](const auto&... each) { this->add(each...); }, word);
    else
      add_range(word);
  }
  template <std::ranges::input_range Range>
  void add_range(const Range& words) {
    for (const auto& each : words) add_one(each);
  }

  void add_text(std::string_view word);
  void add_integer(std::int64_t word);
  void add_unsigned(std::uint64_t word);
  void add_real(double word);

  std::string bytes_;  // without the count of words, which comes first
  std::size_t words_ = 0;
  bool is_idempotent_ = false;
};

}  // namespace hocket::redis
