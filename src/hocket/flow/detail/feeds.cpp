// Several sources at the same time.
//
// An async generator runs in the task that awaits it, so each source gets a task. It fetches an item, tells the generator that
// takes from all of them, and waits until the next one is asked for: however fast a source is, one item of it waits at most.
//
// A generator at rest may be destroyed, a task that waits must not be. So a task owns its source together with the `feeds`,
// and is told when that goes (its `owner_` is null): then it is cancelled and closes its source by itself. In the ordinary case
// the generator cancels all tasks, waits for them, and closes the sources one after the other; `cancelled` is the answer that
// it expects from them.

#include <hocket/base/process_table.hpp>
#include <hocket/core/cancelled.hpp>
#include <hocket/flow/detail/feeds.hpp>

namespace hocket::detail {

template <>
struct process_layout<flow::detail::feeds> {
  using feeds = flow::detail::feeds;
  static_assert(sizeof(task<>) == sizeof(void*));

  static shown_types<2> types() noexcept {
    using link = list_link<flow::detail::feed_place>;
    const auto link_offset = offset_of<flow::detail::feed_base>(&link::next) - offsetof(link, next);
    const auto from_link_to_task = offsetof(flow::detail::feed_base, task_) - link_offset;
    return {{
        {&typeid(feeds::news_operation),
         shown_type::meaning::takes_from,
         {offsetof(feeds::news_operation, all_), offsetof(feeds, order_), from_link_to_task}},
        {&typeid(feeds::end_operation),
         shown_type::meaning::takes_from,
         {offsetof(feeds::end_operation, all_), offsetof(feeds, order_), from_link_to_task}},
    }};
  }
};
HOCKET_SHOW(shown_types<2>, hocket_shows_feeds) = process_layout<flow::detail::feeds>::types();
HOCKET_NOTE(2, hocket_shows_feeds);

}  // namespace hocket::detail

namespace hocket::flow::detail {

void feed_base::rethrow_error() {
  if (!error_ || (dismissed_ && is_cancelled(error_))) return;
  std::rethrow_exception(std::exchange(error_, nullptr));
}

void feed_base::cancel() noexcept {
  dismissed_ = true;
  if (has_ended())
    error_ = nullptr;
  else
    task_.cancel();
}

void feed_base::begins() noexcept { ++owner_->running_; }

// A source may swallow a cancellation and yield: nobody will ask its task to go on.
void feed_base::fetched() {
  if (task_base::require_current().cancelling() > 0) throw cancelled{};
  state_ = state::full;
  asked_.clear();
  if (owner_ != nullptr) owner_->tell(*this);
}

void feed_base::ends() noexcept {
  state_ = state::ended;
  if (owner_ == nullptr) return;
  --owner_->running_;
  owner_->tell(*this);
}

std::string feeds::next_name() { return "source " + std::to_string(++started_); }

feeds::~feeds() {
  order_.for_each([](feed_base& each) {
    each.owner_ = nullptr;
    each.cancel();
    static_cast<void>(forget(each));
  });
  closing_.close();
}

void feeds::tell(feed_base& which) noexcept {
  using link = list_link<feed_news>;
  if (!which.link::is_linked()) news_.push_back(which);
  if (listening_ != nullptr) listening_->told();
  if (ending_ != nullptr) ending_->told();
}

void feeds::tell_again(feed_base& which) noexcept {
  using link = list_link<feed_news>;
  if (!which.has_item() && !which.has_ended()) return;
  if (which.link::is_linked()) which.link::unlink();
  news_.push_front(which);
}

void feeds::move_to_end(feed_base& which) noexcept {
  which.list_link<feed_place>::unlink();
  order_.push_back(which);
}

std::exception_ptr feeds::forget(feed_base& which) noexcept {
  using link = list_link<feed_news>;
  if (which.link::is_linked()) which.link::unlink();
  which.list_link<feed_place>::unlink();
  std::exception_ptr error;
  if (!(which.dismissed_ && is_cancelled(which.error_))) error = which.error_;
  which.release();
  return error;
}

void feeds::remove(feed_base& which) {
  if (const auto error = forget(which)) std::rethrow_exception(error);
}

void feeds::note(std::exception_ptr error) noexcept {
  if (error_ && !is_cancelled(error_)) return;
  try {
    std::rethrow_exception(error);
  } catch (const generator_exit&) {  // which ends a body, and is no error
  } catch (const cancelled&) {
    if (!error_) error_ = std::move(error);
  } catch (...) {
    error_ = std::move(error);
  }
}

coro<void> feeds::close_all() {
  order_.for_each([](feed_base& each) { each.cancel(); });
  co_await end_operation(*this, nullptr);
  while (!order_.empty()) {
    try {
      co_await first().close();
    } catch (...) {
      note(std::current_exception());
    }
    if (auto error = forget(first())) note(std::move(error));
  }
  if (error_) std::rethrow_exception(error_);
}

}  // namespace hocket::flow::detail
