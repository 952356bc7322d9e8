#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <hocket/base/error.hpp>

namespace hocket::inspect {

/// Why a process shows nothing. What it says names the process and the way out.
class unreadable : public error {
 public:
  enum class reason : std::uint8_t {
    no_such_process,  // or it ended meanwhile
    not_permitted,
    system_failed,  // for want of descriptors, for one
    traced,         // by a debugger
    unstoppable,    // a thread of it does not stop in time
    no_hocket,
    other_version,
    without_notes,  // it was built so that it shows nothing
    other_architecture,
    no_core,     // the file is no core dump, or cannot be opened
    no_program,  // which the core dump needs
    corrupted,   // what it shows makes no sense, or is too much
  };

  unreadable(reason why, const std::string& line) : error(line), why_(why) {}
  [[nodiscard]] reason why() const noexcept { return why_; }

 private:
  reason why_;
};

}  // namespace hocket::inspect
