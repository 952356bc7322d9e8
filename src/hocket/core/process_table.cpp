// Where another process finds the loops of this one, and their tasks, frames and operations.
//
// Each task leads to the operation that it waits for, that to the frame which awaits it, and each frame to its parent, up to the
// task. Whoever stands among the waiters of a task says by its type how it leads to the task that it will wake. Most of these
// ways lead back (a list's links, an operation's task, the end of a chain of frames), by which a reader knows what it read while
// it changed.

#include <array>
#include <bit>
#include <coroutine>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/base/noted.hpp>
#include <hocket/base/process_table.hpp>
#include <hocket/core/activity.hpp>
#include <hocket/core/join.hpp>
#include <hocket/core/operation.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_base.hpp>
#include <hocket/loop/loop.hpp>

namespace hocket::detail {
namespace {

struct no_base {
  virtual ~no_base() = default;
};
struct other_base {};
struct with_one_base : no_base {};
struct with_several_bases : no_base, other_base {};

const std::array<std::string_view, io_op_count> operation_names = [] {
  std::array<std::string_view, io_op_count> names;
  for (std::size_t n = 0; n < names.size(); ++n) names[n] = name_of(static_cast<io_op>(n));
  return names;
}();

std::uint32_t offset_of_promise() noexcept {
  alignas(frame_base) static std::byte room[64];
  const auto& promise = std::coroutine_handle<frame_base>::from_address(room).promise();
  return static_cast<std::uint32_t>(reinterpret_cast<const std::byte*>(&promise) - room);
}

}  // namespace

template <>
struct process_layout<process_table> {
  static process_table table() noexcept {
    return {
        .magic = process_table::right_magic,
        .version = keeps_notes ? process_table::current_version : 0,
        .size = sizeof(process_table),
        .loops = &loops.alive_,
        .link = {.next = offsetof(list_link<>, next), .previous = offsetof(list_link<>, previous)},
        .living_loop = {.link = offset_of<living_loop>(&list_link<living_loop>::next),
                        .self = offset_of<living_loop>(&living_loop::self)},
        .loop = {.tasks = offset_of<loop>(&loop::tasks_),
                 .activities = offset_of<loop>(&loop::activities_),
                 .runs_on = offset_of<loop>(&loop::runs_on_),
                 .clock = offset_of<loop>(&loop::clock_),
                 .last_time = offset_of<loop>(&loop::last_time_),
                 .ready = offset_of<loop>(&loop::ready_),
                 .batch = offset_of<loop>(&loop::batch_),
                 .steps = counter(offsetof(loop_counters, steps)),
                 .turns = counter(offsetof(loop_counters, turns)),
                 .looks = counter(offsetof(loop_counters, looks)),
                 .lag = counter(offsetof(loop_counters, lag)),
                 .lag_places = std::tuple_size_v<decltype(loop_counters::lag)>,
                 .timers = timer(offsetof(timer_queue, heap_)),
                 .timer_size = sizeof(timer_queue::entry),
                 .timers_in_wheel = timer(offsetof(timer_queue, in_wheel_)),
                 .backend = offset_of<loop>(&loop::backend_)},
        .backend = {.in_flight = offset_of<backend>(&backend::in_flight_),
                    .open = offset_of<backend>(&backend::open_),
                    .outcomes = io_counter(offsetof(io_counters, by_operation)),
                    .bytes_received = io_counter(offsetof(io_counters, bytes_received)),
                    .bytes_sent = io_counter(offsetof(io_counters, bytes_sent))},
        .thread_context = {.task = offsetof(thread_context, task)},
        .task = {.link = offset_of<task_base>(&list_link<loop_task>::next),
                 .owner = offsetof(task_base, loop_),
                 .waiters = offset_of<task_base>(&future_base::waiters_),
                 .created = offset_of<task_base>(&future_base::created_),
                 .leaf = offset_of<task_base>(&task_base::leaf_),
                 .frame = offset_of<task_base>(&task_base::frame_),
                 .name = offset_of<task_base>(&task_base::name_),
                 .steps = offset_of<task_base>(&task_base::steps_),
                 .made = offset_of<task_base>(&task_base::made_),
                 .stepped = offset_of<task_base>(&task_base::stepped_),
                 .spent = offset_of<task_base>(&task_base::spent_)},
#if defined(_GLIBCXX_RELEASE)
        .string = {.data = 0, .length = sizeof(char*)},
        .string_view = {.data = sizeof(std::size_t), .length = 0},
#else
        .string = {.data = UINT32_MAX, .length = UINT32_MAX},
        .string_view = {.data = 0, .length = sizeof(char*)},
#endif
        .activity = {.link = offset_of<activity>(&list_link<loop_activity>::next),
                     .task = offset_of<activity>(&activity::task_),
                     .what = offset_of<activity>(&activity::what_),
                     .phase = offset_of<activity>(&activity::phase_)},
        .ready_node = {.link = offset_of<ready_node>(&list_link<>::next)},
        .operation = {.task = offset_of<operation>(&operation::task_),
                      .waiter = offset_of<operation>(&operation::waiter_),
                      .phase = offset_of<operation>(&operation::phase_),
                      .is_waiting = static_cast<std::uint32_t>(operation::phase::waiting)},
        .frame = {.promise = offset_of_promise(),
                  .parent = offset_of<frame_base>(&frame_base::parent_),
                  .place = offset_of<frame_base>(&frame_base::place_)},
        // As both of the C++ libraries have it.
        .source_location = {.file = 0, .function = sizeof(char*), .line = 2 * sizeof(char*)},
        .operations = operation_names.data(),
        .operation_count = operation_names.size(),
        .one_base = &typeid(with_one_base),
        .several_bases = &typeid(with_several_bases),
    };
  }
  static std::uint32_t counter(std::size_t offset) noexcept {
    return static_cast<std::uint32_t>(offset_of<loop>(&loop::counters_) + offset);
  }
  static std::uint32_t timer(std::size_t offset) noexcept {
    return static_cast<std::uint32_t>(offset_of<loop>(&loop::timers_) + offset);
  }
  static std::uint32_t io_counter(std::size_t offset) noexcept {
    return static_cast<std::uint32_t>(offset_of<backend>(&backend::counters_) + offset);
  }
  static constexpr std::uint32_t task_of_operation = offsetof(operation, task_);
  static constexpr std::uint32_t deadline = offsetof(sleep_operation, deadline_);
  static constexpr std::uint32_t joined = offsetof(join_operation, target_);
  static constexpr std::uint32_t shielded = offsetof(shield_wait, inner_);
};

using layout = process_layout<process_table>;
using enum shown_type::meaning;

HOCKET_SHOW(process_table, hocket_process_table) = layout::table();

HOCKET_SHOW(shown_types<4>, hocket_shows_operations){{
    {&typeid(operation), wakes, {layout::task_of_operation}},
    {&typeid(sleep_operation), sleeps, {layout::deadline}},
    {&typeid(join_operation), waits_for, {layout::joined}},
    {&typeid(shield_wait), waits_for, {layout::shielded}},
}};
HOCKET_NOTE(2, hocket_shows_operations);

}  // namespace hocket::detail
