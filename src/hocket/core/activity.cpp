// All activities of a loop stand in one list, so that tasks have no field for them. An async generator's may end before one
// that began later, in another task, or after its own has ended.

#include <hocket/core/activity.hpp>

namespace hocket {

activity::activity(std::string_view what) noexcept : what_(what) {
  task_base* const doing = task_base::current();
  if (doing == nullptr) return;
  doing->retain();
  task_ = record_ref<task_base>(doing);
  doing->owner().activities().push_back(*this);
}

std::string activity::text_of(const task_base& task) {
  std::string text;
  task.owner().activities().for_each([&](loop_activity& each) {
    const auto& found = static_cast<const activity&>(each);
    if (found.task_.get() != &task) return;
    if (!text.empty()) text += " > ";
    text += found.what_;
    if (!found.phase_.empty()) text.append(", ").append(found.phase_);
  });
  return text;
}

}  // namespace hocket
