#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include <hocket/base/arena.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/testing/leak_check.hpp>

namespace hocket::testing {

std::string leftovers::to_string() const {
  std::string text;
  const auto add = [&text](std::size_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, what, count == 1 ? "" : "s");
  };
  add(leaked_blocks, "block");
  add(leaked_tasks, "task");
  add(leaked_descriptors, "descriptor");
  add(leaked_buffers, "buffer");
  return text.empty() ? "nothing" : text;
}

leftovers& leftovers::operator+=(const leftovers& more) noexcept {
  leaked_blocks += more.leaked_blocks;
  leaked_tasks += more.leaked_tasks;
  leaked_descriptors += more.leaked_descriptors;
  leaked_buffers += more.leaked_buffers;
  return *this;
}

leak_check::leak_check() : before_(now()) {}

leak_check::amounts leak_check::now() {
  amounts found{.blocks = arena::live_blocks()};
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++found.descriptors;
  if (loop* const running = loop::running_or_null()) {
    found.tasks = static_cast<long>(running->tasks().count());
    if (task_base::current() != nullptr) --found.tasks;
    found.buffers = static_cast<long>(running->io().lent_buffers());
  }
  return found;
}

leftovers leak_check::left() const {
  const amounts after = now();
  const auto more = [](long later, long earlier) { return static_cast<std::size_t>(std::max(0L, later - earlier)); };
  return {.leaked_blocks = more(after.blocks, before_.blocks),
          .leaked_tasks = more(after.tasks, before_.tasks),
          .leaked_descriptors = more(after.descriptors, before_.descriptors),
          .leaked_buffers = more(after.buffers, before_.buffers)};
}

}  // namespace hocket::testing
