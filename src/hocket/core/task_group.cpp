// A task group: an edge node on its owner's stack, and a list of children.
//
// Children continue at the group's node, where they see the level nodes of their surroundings; edges reach them through
// `abort`. A child's end is heard of by a node that stands first in its list of waiters, so the group knows of a failure
// before whoever awaits the child does.

#include <hocket/base/assert.hpp>
#include <hocket/base/process_table.hpp>
#include <hocket/core/task_group.hpp>

namespace hocket {

class task_group::child final : public ready_node, public list_link<child_link>, public arena_allocated {
 public:
  explicit child(task_group& group) noexcept : group_(group) {}

  void watch(record_ref<task_base> task) noexcept {
    task_ = std::move(task);
    task_->add_waiter(*this);
  }

  void run() noexcept override {
    group_.child_ended(*this);
    delete this;
  }
  [[nodiscard]] task_base* wakes() noexcept override { return &group_.task_; }
  [[nodiscard]] task_base& task() const noexcept { return *task_; }

 private:
  template <class>
  friend struct detail::process_layout;

  task_group& group_;
  record_ref<task_base> task_;
};

template <>
struct detail::process_layout<task_group> {
  static constexpr shown_types<2> types{{
      {&typeid(task_group::drain_operation),
       shown_type::meaning::gathers,
       {offsetof(task_group::drain_operation, group_), offsetof(task_group, size_)}},
      {&typeid(task_group::child),
       shown_type::meaning::wakes,
       {offsetof(task_group::child, group_), offsetof(task_group, task_)}},
  }};
};
namespace detail {
HOCKET_SHOW(shown_types<2>, hocket_shows_task_group) = process_layout<task_group>::types;
HOCKET_NOTE(2, hocket_shows_task_group);
}  // namespace detail

task_group::~task_group() { HOCKET_ASSERT(size_ == 0, "a task group was destroyed before its children had ended"); }

void task_group::require_open() const {
  task_.owner().require_own_thread("task_group::create_task was called");
  if (left_) throw invalid_state_error("the task group has ended");
  if (aborting_) throw invalid_state_error("the task group is being cancelled and takes no more tasks");
}

void task_group::delete_child::operator()(child* unused) const noexcept { delete unused; }

task_group::child_owner task_group::make_watcher() {
  // Each child may fail, and the body too: `child_ended` must not need memory for that.
  const std::size_t most_errors = errors_.size() + size_ + 2;
  if (errors_.capacity() < most_errors) errors_.reserve(2 * most_errors);
  return child_owner(new child(*this));
}

void task_group::watch(child_owner watcher, record_ref<task_base> started) noexcept {
  watcher->watch(std::move(started));
  children_.push_back(*watcher.release());
  ++size_;
}

void task_group::child_ended(child& which) noexcept {
  which.list_link<child_link>::unlink();
  --size_;
  if (which.task().failed()) {
    errors_.push_back(which.task().error());
    if (!aborting_) {
      abort();
      task_.request(node_);
    }
  }
  if (size_ == 0 && draining_ != nullptr) draining_->all_ended();
}

void task_group::abort() noexcept {
  aborting_ = true;
  children_.for_each([](child& each) { each.task().cancel(); });
}

void task_group::cancel() noexcept {
  if (aborting_ || left_) return;
  task_.owner().insist_on_own_thread("task_group::cancel was called");
  abort();
  task_.request(node_);
}

void task_group::poke_children(task_base& owner, const cancel_node& outermost) noexcept {
  for (const cancel_node* at = owner.top();; at = at->outer) {
    if (at->is_group) {
      static_cast<const node*>(at)->group.children_.for_each([](child& each) {
        each.task().poke();
        poke_children(each.task(), each.task().own_node());
      });
    }
    if (at == &outermost) return;
  }
}

void task_group::body_ended(std::exception_ptr error) {
  if (is_cancelled(error))
    cancelled_ = true;
  else if (error)
    errors_.push_back(std::move(error));
  if ((cancelled_ || !errors_.empty()) && !aborting_) abort();
}

void task_group::interrupted() noexcept {
  cancelled_ = true;
  if (!aborting_) abort();
}

void task_group::leave() {
  const bool foreign = task_.foreign(node_);
  if (!errors_.empty()) task_.rearm(node_);
  const bool mine = node_.requests > 0;
  task_.pop(node_);
  left_ = true;
  if (!errors_.empty()) throw exception_group(std::move(errors_));
  if (cancelled_ && (foreign || !mine)) task_.throw_cancelled();
}

}  // namespace hocket
