#pragma once

#include <string>
#include <utility>

#include <hocket/base/error.hpp>

namespace hocket {

/// The worker process that ran a function is gone: killed, crashed, or ended by the function itself; the text tells how. Also
/// for every call that a pool cannot run any more because its workers do not even start.
/// Counterpart: concurrent.futures.process.BrokenProcessPool.
class broken_process_pool : public error {
 public:
  using error::error;
};

/// Arguments or a result of more bytes than `process_pool_options::max_message_bytes`. Nothing was sent, and the worker goes on.
class message_too_large : public error {
 public:
  using error::error;
};

/// An exception that a function threw in a worker process, of a type that cannot be made anew here. The text holds the type,
/// what it said, and where it was thrown. Counterpart: concurrent.futures.process._RemoteTraceback.
class remote_error : public error {
 public:
  remote_error(const std::string& text, std::string type_name, std::string message)
      : error(text), type_name_(std::move(type_name)), message_(std::move(message)) {}

  /// The type's name in C++, "my::error".
  [[nodiscard]] const std::string& type_name() const noexcept { return type_name_; }
  /// What the exception's `what()` said there; empty if it had none.
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  std::string type_name_;
  std::string message_;
};

}  // namespace hocket
