#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace hocket::http {

/// The cookies that a request brings, for servers. Views of the field, which must stay alive.
///
/// Nothing but names and values comes with a request: not for whom a cookie is, nor who has set it. Of several of one
/// name the first has the longest path. Source: RFC 6265bis, 4.2.
class request_cookies {
 public:
  struct pair {
    std::string_view name;
    std::string_view value;
    friend bool operator==(const pair&, const pair&) = default;
  };

  /// Reads a `Cookie`, of which several (HTTP/2) are joined by semicolons before. Never fails: what has no `=` is a
  /// value without a name; quotes belong to the value; what comes after the first `most` is passed over.
  [[nodiscard]] static request_cookies parse(std::string_view field, std::size_t most = 300);

  /// The value of the first of that name, whose case counts.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return pairs_.size(); }
  [[nodiscard]] auto begin() const noexcept { return pairs_.begin(); }
  [[nodiscard]] auto end() const noexcept { return pairs_.end(); }

 private:
  std::vector<pair> pairs_;
};

}  // namespace hocket::http
