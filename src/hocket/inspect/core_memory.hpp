#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <hocket/inspect/detail/core_layout.hpp>
#include <hocket/inspect/memory.hpp>

namespace hocket::inspect {

/// The memory of a process that is no more, as its core dump has it: core(5). What the system leaves out of these, which is what
/// the files of the program and of its libraries hold anyway, is read from them.
class core_memory final : public memory {
 public:
  /// `program`: where the program's file is now; empty: where it was. Throws `unreadable`: no_core, other_architecture, corrupted.
  explicit core_memory(const std::string& path, std::string program = {});

  /// Throws `unreadable`, no_program, if this needs the program's file, and that is not there or is another one.
  [[nodiscard]] bool read(address from, std::span<std::byte> to) override;

  /// Of files, in order.
  [[nodiscard]] const std::vector<mapping>& mappings() const noexcept { return layout_.mappings; }

 private:
  using segment = detail::core_layout::segment;

  [[nodiscard]] const segment* segment_at(address at) const noexcept;
  [[nodiscard]] const mapping* mapping_at(address at) const noexcept;
  [[nodiscard]] address next_segment(address at) const noexcept;
  [[nodiscard]] bool read_kept(address from, std::span<std::byte> to) const;
  [[nodiscard]] bool read_file(const mapping& of, address from, std::span<std::byte> to);
  [[nodiscard]] const std::optional<detail::input_file>& file_of(const std::string& path);
  [[nodiscard]] bool is_same(const detail::input_file& file, const std::string& path) const;
  void find_program(std::string now_at);

  std::string who_;
  detail::input_file core_;
  detail::core_layout layout_;
  std::string program_;         // as the core dump names it
  std::string program_now_at_;  // where it is read
  std::map<std::string, std::optional<detail::input_file>>
      files_;  // nothing: not there, or not the one that was mapped
};

}  // namespace hocket::inspect
