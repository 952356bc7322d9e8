#pragma once

#include <string>
#include <string_view>

#include <hocket/base/process_layout.hpp>
#include <hocket/core/future_base.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/loop/loop_activity.hpp>

namespace hocket {

/// What the running task does, in words for people, as long as this lives: "GET https://example.org/". `hocket ps`, `pstree` and
/// `top` show it beside what the task waits for, and activities within activities in the order in which they began.
///
/// ```cpp
/// activity fetching(url);
/// fetching.enter("connecting");
/// ```
///
/// A local variable of a coroutine, or an object that lives in one. The texts are not copied: they must live as long as this,
/// those of `enter` until the next one. Costs a few stores. Outside of a task it does nothing.
class activity : public loop_activity {
 public:
  explicit activity(std::string_view what) noexcept;
  activity(const activity&) = delete;
  ~activity() {
    if (is_linked()) unlink();
  }

  /// What of it is under way.
  void enter(std::string_view phase) noexcept { phase_ = phase; }

  /// All that a task of this thread does: "bake a cake, mixing > break eggs".
  [[nodiscard]] static std::string text_of(const task_base& task);

 private:
  template <class>
  friend struct detail::process_layout;

  std::string_view what_;
  std::string_view phase_{};
  record_ref<task_base> task_;  // not before this is gone may another one have its place
};

}  // namespace hocket
