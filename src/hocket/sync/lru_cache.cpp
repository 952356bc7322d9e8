// Loads that wait for each other.
//
// A load that asks for what is being loaded would wait for ever if that load waits for it. Who asks follows what the load awaits,
// task by task, before it waits, and so finds itself. The way may lead into a circle of others: those are found as `poke` finds
// them, by Brent's way.

#include <bit>
#include <cstddef>
#include <string>

#include <hocket/sync/lru_cache.hpp>

namespace hocket::detail {

static task_base* awaited_by(const task_base& waiting) noexcept {
  operation* const leaf = waiting.leaf();
  if (leaf == nullptr || !leaf->is_waiting()) return nullptr;
  if (const auto* load = dynamic_cast<const any_load_wait*>(leaf)) return load->load();
  return leaf->awaited_task();
}

bool waits_for_current(task_base& load) noexcept {
  const task_base* milestone = nullptr;
  std::size_t step = 0;
  for (task_base* each = &load; each != nullptr && each != milestone; each = awaited_by(*each), ++step) {
    if (each == task_base::current()) return true;
    if (std::has_single_bit(step)) milestone = each;
  }
  return false;
}

void refuse_circle(task_base& load) {
  if (!waits_for_current(load)) return;
  std::string message =
      "loads of a cache would wait for each other: " + std::string(task_base::require_current().name());
  for (task_base* each = &load; each != task_base::current(); each = awaited_by(*each))
    message.append(", ").append(each->name());
  throw invalid_state_error(message);
}

}  // namespace hocket::detail
