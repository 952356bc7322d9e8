#pragma once

#include <cstddef>
#include <string>

#include <hocket/base/error.hpp>

namespace hocket::http::detail {

/// A message that breaks the rules of HTTP. The reason is one line without any of the peer's bytes.
class bad_message : public protocol_error {
 public:
  explicit bad_message(const std::string& reason, int answer = 400) : protocol_error(reason), answer_(answer) {}

  /// The status code with which a server answers such a request before it closes the connection.
  [[nodiscard]] int answer() const noexcept { return answer_; }

 private:
  int answer_;
};

/// A limit as a reason says it: `64 KiB`, `100 bytes`.
inline std::string in_words(std::size_t bytes) {
  return bytes % 1024 == 0 ? std::to_string(bytes / 1024) + " KiB" : std::to_string(bytes) + " bytes";
}

}  // namespace hocket::http::detail
