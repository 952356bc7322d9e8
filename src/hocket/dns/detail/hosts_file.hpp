#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sys/stat.h>

#include <hocket/core/coro.hpp>
#include <hocket/io/socket_address.hpp>
#include <hocket/loop/clock.hpp>

namespace hocket::detail {

/// hosts(5), read again when it has changed; that is looked at every few seconds.
class hosts_file {
 public:
  explicit hosts_file(std::string path) noexcept : path_(std::move(path)) {}

  /// Reads the file if that is due. One that cannot be read is empty. Throws `cancelled`; must outlive the call.
  [[nodiscard]] coro<void> refresh();
  /// As it is now, which need not be due.
  [[nodiscard]] bool is_fresh() const noexcept;
  /// The addresses of `name`, in lower case, in the order of the file; port 0.
  [[nodiscard]] std::vector<socket_address> find(const std::string& name, int family) const;

 private:
  void read_lines(std::string_view text);

  std::string path_;
  std::unordered_map<std::string, std::vector<socket_address>> hosts_;
  time_point looked_at_{};
  bool looked_ = false;
  timespec changed_{};
  off_t size_ = -1;
};

}  // namespace hocket::detail
