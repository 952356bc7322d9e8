#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace hocket::http {

/// The domains under which anyone may register names: `com`, `co.uk`, `github.io`. A cookie for one of them would go to
/// strangers. Names are in ASCII and lower case. Source: https://publicsuffix.org.
class public_suffixes {
 public:
  /// The list that the libpsl which hocket is linked with was built with.
  [[nodiscard]] static const public_suffixes& built_in();

  /// That of a file, as publicsuffix.org gives it or compiled (Debian:
  /// /usr/share/publicsuffix/public_suffix_list.dafsa), so that it can be newer than the program. Blocks while it
  /// reads. Throws hocket::error if it is none.
  explicit public_suffixes(const std::string& path);
  public_suffixes(public_suffixes&&) noexcept;
  public_suffixes& operator=(public_suffixes&&) noexcept;
  ~public_suffixes();

  /// Whether it is a public suffix; names without a dot that the list does not have are.
  [[nodiscard]] bool contains(std::string_view domain) const;

  /// The public suffix of `host` and one label more: `example.co.uk` of `www.example.co.uk`; empty if there is none, or
  /// `host` is an address.
  [[nodiscard]] std::string registrable_domain(std::string_view host) const;

 private:
  struct list;
  explicit public_suffixes(std::unique_ptr<list> rules) noexcept;
  std::unique_ptr<list> list_;
};

}  // namespace hocket::http
