#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include <hocket/base/error.hpp>

namespace hocket {

/// The peer sends nothing more, and what it sent is less than was asked for.
/// Counterpart: asyncio.IncompleteReadError.
class incomplete_read_error : public error {
 public:
  /// `expected`: nothing where a separator was looked for.
  incomplete_read_error(std::string partial, std::optional<std::size_t> expected);

  /// The bytes that were there; they are no longer in the reader.
  [[nodiscard]] const std::string& partial() const noexcept { return partial_; }
  [[nodiscard]] std::optional<std::size_t> expected() const noexcept { return expected_; }

 private:
  std::string partial_;
  std::optional<std::size_t> expected_;
};

/// There is no separator within the reader's limit. Counterpart: asyncio.LimitOverrunError; of `readline`, ValueError.
class limit_overrun_error : public error {
 public:
  limit_overrun_error(const char* message, std::size_t consumed) : error(message), consumed_(consumed) {}

  /// How many bytes at the front of the reader hold no separator: up to where one begins, if it was found. How far the search
  /// got depends on how many bytes had come.
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }

 private:
  std::size_t consumed_;
};

}  // namespace hocket
