#pragma once

namespace hocket::detail {

/// Whoever is to be told of Ctrl-C.
class sigint_target {
 public:
  /// Called in the signal handler, on any thread: does only what is allowed there.
  virtual void interrupted() noexcept = 0;

 protected:
  ~sigint_target() = default;
};

/// Handles SIGINT for `target` while it lives, if this is the first thread and nobody else handles it: the first one is told,
/// the second one ends the process at once. Null: handles nothing.
class sigint_guard {
 public:
  explicit sigint_guard(sigint_target* target) noexcept;
  /// When this has returned, nobody is telling `target` any more.
  ~sigint_guard();
  sigint_guard(const sigint_guard&) = delete;
  sigint_guard& operator=(const sigint_guard&) = delete;

  /// A signal came while this guard held the handler.
  [[nodiscard]] bool interrupted() const noexcept;

 private:
  bool installed_ = false;
};

/// Ends the process as SIGINT does by default.
void end_by_sigint() noexcept;

}  // namespace hocket::detail
