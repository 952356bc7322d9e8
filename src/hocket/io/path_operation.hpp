#pragma once

#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/io/io_operation.hpp>

namespace hocket::detail {

/// "cannot open 'notes.txt'", "cannot rename 'a' to 'b'".
[[nodiscard]] std::string what_failed_on(std::string_view name, const std::string& path, const std::string& other);

/// A request on a path, or on two of them; it owns them. A path with a null byte in it, at which the system would stop reading, is
/// refused (EINVAL). An error names the paths.
template <class Derived, class Value>
class path_operation : public detailed_awaitable<Derived, Value> {
 public:
  [[nodiscard]] bool await_ready() {
    if (has_null_byte(path_) || (other_ && has_null_byte(*other_))) {
      if (!this->refuse_if_cancelled()) this->fail(EINVAL);
      return true;
    }
    this->request_.data = path_.data();
    if (other_) this->details_.second = other_->data();
    return detailed_awaitable<Derived, Value>::await_ready();
  }
  [[nodiscard]] std::string what_failed() const { return what_failed_on(Derived::name, path_, other_.value_or("")); }

 protected:
  path_operation(io_op op, descriptor* directory, std::string path, std::optional<std::string> other = {})
      : detailed_awaitable<Derived, Value>(op, directory), path_(std::move(path)), other_(std::move(other)) {}
  path_operation(path_operation&& other) noexcept
      : detailed_awaitable<Derived, Value>(static_cast<detailed_awaitable<Derived, Value>&&>(other)),
        path_(std::move(other.path_)),
        other_(std::move(other.other_)) {}

  [[nodiscard]] std::string& path() noexcept { return path_; }

 private:
  [[nodiscard]] static bool has_null_byte(const std::string& path) noexcept {
    return path.find('\0') != std::string::npos;
  }

  std::string path_;
  std::optional<std::string> other_;
};

}  // namespace hocket::detail
