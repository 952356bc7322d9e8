#pragma once

#include <chrono>
#include <set>
#include <string>
#include <unordered_map>

#include "check_result.hpp"

namespace hocket::app {

/// The broken links that a site's owner lives with: a file of URLs as they are listed, one a line; empty lines and those that begin with # are
/// passed over.
class baseline {
 public:
  /// Throws `failure` (wrong usage) if the file cannot be read or has a line that is no URL.
  [[nodiscard]] static baseline read(const std::string& path);

  /// Marks what is accepted, and gives how many lines name nothing that is broken.
  [[nodiscard]] std::size_t accept(check_result& result) const;

  /// Writes the file so that it accepts what is broken now. Throws `failure`.
  static void write(const std::string& path, const check_result& result);

 private:
  std::set<std::string, std::less<>> accepted_;
};

/// Links elsewhere that were good, and when: a file, a line each, the URL and the seconds since 1970 with a tab between.
class link_cache {
 public:
  /// Of the file, if it is there, what is not older than `age`. Throws `failure` (wrong usage) if it cannot be read, or holds something else.
  [[nodiscard]] static link_cache read(const std::string& path, std::chrono::seconds age, std::chrono::sys_seconds now);

  [[nodiscard]] bool was_good(const std::string& url) const { return good_.contains(url); }
  void note_good(const std::string& url) { good_.insert_or_assign(url, now_); }

  /// Throws `failure`.
  void write(const std::string& path) const;

 private:
  std::unordered_map<std::string, std::chrono::sys_seconds> good_;
  std::chrono::sys_seconds now_{};
};

}  // namespace hocket::app
