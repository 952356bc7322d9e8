#pragma once

#include <array>
#include <climits>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include <hocket/io/file_status.hpp>
#include <hocket/io/path_operation.hpp>
#include <hocket/loop/system_calls.hpp>

namespace hocket::detail {

class stat_operation final : public path_operation<stat_operation, file_status> {
 public:
  static constexpr const char* name = "stat";
  stat_operation(std::string path, int flags) : path_operation(io_op::stat, nullptr, std::move(path)) {
    request_.flags = static_cast<std::uint32_t>(flags);
  }
  [[nodiscard]] bool await_ready() {
    details_.second = &found_;
    return path_operation::await_ready();
  }
  [[nodiscard]] file_status convert(std::int32_t) const noexcept;

 private:
  struct statx found_{};
};

/// Of a path, or two, with nothing to tell but that it is done.
template <class Derived>
class plain_path_operation : public path_operation<Derived, void> {
 public:
  void convert(std::int32_t) noexcept {}

 protected:
  plain_path_operation(io_op op, std::string path, std::optional<std::string> other = {})
      : path_operation<Derived, void>(op, nullptr, std::move(path), std::move(other)) {}
};

class rename_operation final : public plain_path_operation<rename_operation> {
 public:
  static constexpr const char* name = "rename";
  rename_operation(std::string from, std::string to, std::uint32_t flags)
      : plain_path_operation(io_op::rename, std::move(from), std::move(to)) {
    request_.flags = flags;
  }
};

class link_operation final : public plain_path_operation<link_operation> {
 public:
  static constexpr const char* name = "link";
  link_operation(std::string there, std::string further)
      : plain_path_operation(io_op::link, std::move(there), std::move(further)) {}
};

class symlink_operation final : public plain_path_operation<symlink_operation> {
 public:
  static constexpr const char* name = "symlink";
  symlink_operation(std::string says, std::string path)
      : plain_path_operation(io_op::symlink, std::move(says), std::move(path)) {}
};

class mkdir_operation final : public plain_path_operation<mkdir_operation> {
 public:
  static constexpr const char* name = "make the folder";
  mkdir_operation(std::string path, unsigned mode) : plain_path_operation(io_op::make_directory, std::move(path)) {
    details_.mode = mode;
  }
};

class remove_operation final : public plain_path_operation<remove_operation> {
 public:
  static constexpr const char* name = "remove";
  remove_operation(std::string path, int flags) : plain_path_operation(io_op::remove, std::move(path)) {
    request_.flags = static_cast<std::uint32_t>(flags);
  }
};

class read_link_operation final : public path_operation<read_link_operation, std::string> {
 public:
  static constexpr const char* name = "read the link";
  explicit read_link_operation(std::string path) : path_operation(io_op::read_link, nullptr, std::move(path)) {}
  [[nodiscard]] bool await_ready() {
    details_.second = into_.data();
    request_.length = into_.size();
    return path_operation::await_ready();
  }
  [[nodiscard]] std::string convert(std::int32_t size) const { return {into_.data(), static_cast<std::size_t>(size)}; }

 private:
  std::array<char, PATH_MAX> into_;
};

/// The next entries of an open folder, behind those that are there; false at the end.
class read_directory_operation final : public detailed_awaitable<read_directory_operation, bool> {
 public:
  static constexpr const char* name = "list";
  read_directory_operation(descriptor* target, std::vector<directory_entry>& into) noexcept
      : io_awaitable(io_op::read_directory, target) {
    request_.data = &into;
  }
  [[nodiscard]] bool convert(std::int32_t count) const noexcept { return count > 0; }
};

}  // namespace hocket::detail
