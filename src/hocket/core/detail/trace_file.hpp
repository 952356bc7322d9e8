#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hocket::detail {

/// A file of events in the trace event format, a JSON array, which viewers read without its end too: of a process that was killed.
/// Buffered, and bounded. Not for several threads at once. What goes wrong is told once, in a line, and ends it.
class trace_file {
 public:
  /// Begins the file anew. "%p" in `path` stands for the number of this process.
  trace_file(std::string path, std::uint64_t most_bytes);
  ~trace_file() { finish(); }
  trace_file(const trace_file&) = delete;

  /// Appends an event, a JSON object.
  void add(std::string_view event);
  /// Hands what was added to the system.
  void flush() noexcept;
  /// Writes the end. Nothing is added from here on.
  void finish() noexcept;
  /// This process is a copy of the one that writes.
  void give_up() noexcept;

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

 private:
  [[nodiscard]] bool write(std::string_view text) noexcept;
  void tell(const char* problem) const noexcept;

  std::string path_;
  const std::uint64_t most_bytes_;
  std::uint64_t written_ = 0;
  std::string buffer_;
  bool is_first_ = true;
  int descriptor_ = -1;
};

}  // namespace hocket::detail
