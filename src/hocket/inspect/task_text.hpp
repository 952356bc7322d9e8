#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include <hocket/inspect/snapshot.hpp>

/// What a snapshot says, for people. Names that a process chose cannot command the terminal: all of it is `printable`.
namespace hocket::inspect {

[[nodiscard]] const char* state_text(task_state state) noexcept;

/// "shop::open() shop.cpp:21".
[[nodiscard]] std::string place_text(const snapshot& of, std::uint32_t place);

/// "12.0 ms", "2.4 s", "3.1 min", "5.0 h", "12.3 d".
[[nodiscard]] std::string time_text(std::chrono::nanoseconds length);

/// "sleep, 2.4 s left", "receive on descriptor 7", "task 'page'"; empty for a task that does not wait.
[[nodiscard]] std::string wait_text(const loop& of, const task& waiting);

/// "alice > bob > alice": the circle, of which no more than 20 are named; ", and 3 more tasks" if there are others.
[[nodiscard]] std::string deadlock_text(const loop& of, const deadlock& told);

}  // namespace hocket::inspect
