#pragma once

#include <string>
#include <utility>

namespace hocket::http {

/// Who one is to a server, and how one shows it.
class credentials {
 public:
  enum class scheme : unsigned char { basic, digest, bearer };

  /// Sent with each request; whoever sees it can read the password. Throws hocket::error if it cannot stand in a field. RFC 7617.
  [[nodiscard]] static credentials basic(std::string user, std::string password);
  /// Answers the server's challenge, and from then on its next requests at once. A request with a body that cannot be repeated gets the
  /// challenge as its response. RFC 7616.
  [[nodiscard]] static credentials digest(std::string user, std::string password);
  /// A token, sent with each request. Throws hocket::error if it is none. RFC 6750.
  [[nodiscard]] static credentials bearer(std::string token);

  [[nodiscard]] scheme shown_by() const noexcept { return scheme_; }
  /// What Authorization says; empty for `digest`, where that is another text for each request.
  [[nodiscard]] const std::string& field() const noexcept { return field_; }
  [[nodiscard]] const std::string& user() const noexcept { return user_; }
  [[nodiscard]] const std::string& password() const noexcept { return password_; }

 private:
  credentials(scheme by, std::string field) : scheme_(by), field_(std::move(field)) {}

  scheme scheme_;
  std::string field_;
  std::string user_;
  std::string password_;
};

}  // namespace hocket::http
