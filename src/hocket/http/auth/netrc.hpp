#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/error.hpp>
#include <hocket/core/coro.hpp>

namespace hocket::http {

/// A netrc file that is malformed, or that others can read.
class netrc_error : public error {
 public:
  using error::error;
};

struct netrc_entry {
  std::string machine;  ///< empty for `default`
  std::string login;
  std::string account;
  std::string password;
  friend bool operator==(const netrc_entry&, const netrc_entry&) = default;
};

/// Who one is on which machine, as ftp(1) began to keep it and curl and Python read it.
///
/// Words between blanks: `machine NAME` or `default`, then `login`, `password` and `account`, each with a word. A word
/// may stand in double quotes; a backslash takes the next character as it is. A word that begins with `#` in the place
/// of one of those begins a comment. `macdef` and what follows it up to an empty line is passed over. Source: Python's
/// netrc module; curl's manual.
class netrc {
 public:
  /// Throws `netrc_error` with the number of the line.
  [[nodiscard]] static netrc parse(std::string_view text);

  /// The first entry for that host, or for any by `default`; case of the host ignored. Of a given login only its own.
  /// Null if there is none. Belongs to the object.
  [[nodiscard]] const netrc_entry* find(std::string_view host,
                                        std::optional<std::string_view> login = std::nullopt) const noexcept;

  [[nodiscard]] const std::vector<netrc_entry>& entries() const noexcept { return entries_; }

 private:
  std::vector<netrc_entry> entries_;
};

struct netrc_options {
  /// Refuses a file with passwords that is not the user's own, or that its group or others may use; entries of
  /// `anonymous` are no secret. Python does so for the file in the user's home.
  bool must_be_private = true;
};

/// Reads a file of at most 1 MiB. Throws `netrc_error`, hocket::error, std::system_error. Counterpart: netrc.netrc.
[[nodiscard]] coro<netrc> load_netrc(std::string path, netrc_options options = {});

}  // namespace hocket::http
