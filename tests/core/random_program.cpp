// Programs are small and their times few, because cancellations are interesting where many things happen in one turn.
//
// A task waits only for tasks of higher numbers, its children or others, so no program can wait for itself in a circle; and
// every future is set at the end of time. Hence each program ends.

#include "random_program.hpp"

#include <array>
#include <optional>
#include <utility>

namespace random_program {
namespace {

constexpr int task_count = 7;
constexpr int future_count = 2;
constexpr int deepest = 4;

struct surroundings {
  int task;
  int depth = 0;
  std::vector<int> groups{};  // those whose body this is, innermost last
};

class generator {
 public:
  explicit generator(unsigned seed) : random_(seed) {}

  program make() {
    made_.futures = future_count;
    made_.tasks.resize(task_count);
    next_task_ = 1;
    // A task that nobody spawned has no block: spawning fills them in, in order.
    made_.tasks[0] = make_block({.task = 0}, 3);
    for (int task = 1; task < next_task_; ++task) {
      const std::vector<int> groups = groups_of_[static_cast<std::size_t>(task)];
      made_.tasks[static_cast<std::size_t>(task)] = make_block({.task = task, .groups = groups}, 1);
    }
    made_.tasks.resize(static_cast<std::size_t>(next_task_));
    made_.places = next_place_;
    return std::move(made_);
  }

 private:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }
  int some_time() {
    static constexpr std::array times{0, 0, 1, 1, 2, 2, 3, 4, 5, 7};
    return times[static_cast<std::size_t>(below(times.size()))];
  }
  int some_task() { return below(next_task_); }
  int one_of(const std::vector<int>& places) {
    return places.empty() ? 0 : places[static_cast<std::size_t>(below(static_cast<int>(places.size())))];
  }

  block make_block(const surroundings& here, int fewest) {
    block made;
    for (int left = fewest + below(4); left > 0; --left) made.steps.push_back(make_step(here));
    return made;
  }
  std::shared_ptr<block> inside(const surroundings& here, int in_group = -1) {
    surroundings inner = here;
    ++inner.depth;
    if (in_group >= 0) inner.groups.push_back(in_group);
    return std::make_shared<block>(make_block(inner, 1));
  }

  step make_step(const surroundings& here) {
    const int number = next_step_++;
    if (here.depth < deepest && below(10) < 4) return make_nested(here, number);
    switch (below(24)) {
      case 0:
      case 1:
      case 2:
        if (auto made = spawn(here, number)) return *made;
        break;
      case 3:
      case 4:
        if (here.task + 1 < next_task_) {
          const int other = here.task + 1 + below(next_task_ - here.task - 1);
          return {.what = action::join, .number = number, .a = other};
        }
        break;
      case 5:
      case 6:
      case 7:
        return {.what = action::cancel, .number = number, .a = some_task()};
      case 8:
        return {.what = action::uncancel, .number = number, .a = below(2) == 0 ? here.task : some_task()};
      case 9:
      case 10:
        return {.what = action::cancel_later, .number = number, .a = some_task(), .b = some_time()};
      case 11:
        return {.what = action::wait_future, .number = number, .a = below(future_count)};
      case 12:
        return {.what = action::set_future, .number = number, .a = below(future_count)};
      case 13:
        return {.what = action::cancel_future, .number = number, .a = below(future_count)};
      case 14:
        return {.what = action::fail, .number = number};
      case 15:
        return {.what = action::cancelling, .number = number};
      case 16:
        return {.what = action::reschedule, .number = number, .a = one_of(timeouts_), .b = some_time()};
      case 17:
      case 18:
        return {.what = action::cancel_scope, .number = number, .a = one_of(scopes_)};
      case 19:
        return {.what = action::cancel_group, .number = number, .a = one_of(groups_)};
      default:
        break;
    }
    return {.what = action::sleep, .number = number, .a = some_time()};
  }

  std::optional<step> spawn(const surroundings& here, int number) {
    if (next_task_ == task_count) return std::nullopt;
    const int child = next_task_++;
    if (here.groups.empty() || below(4) == 0) return step{.what = action::spawn, .number = number, .a = child};
    groups_of_[static_cast<std::size_t>(child)] = here.groups;
    const int group = here.groups[static_cast<std::size_t>(below(static_cast<int>(here.groups.size())))];
    return step{.what = action::spawn_in_group, .number = number, .a = child, .b = group};
  }

  step make_nested(const surroundings& here, int number) {
    const auto with_body = [&](action what, std::vector<int>& kind) {
      const int place = next_place_++;
      kind.push_back(place);
      step made{.what = what, .number = number, .a = some_time(), .b = place};
      made.body = inside(here, what == action::group ? place : -1);
      return made;
    };
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
        return with_body(action::with_timeout, timeouts_);
      case 3:
        return with_body(action::scope, scopes_);
      case 4:
        return with_body(action::endless_scope, scopes_);
      case 5:
        return with_body(action::shield, scopes_);
      case 6:
      case 7:
      case 8:
        return with_body(action::group, groups_);
      case 9:
        return {.what = action::swallow, .number = number, .body = inside(here)};
      case 10:
        return {.what = action::swallow_all, .number = number, .body = inside(here)};
      default:
        return {.what = action::clean_up, .number = number, .body = inside(here), .cleanup = inside(here)};
    }
  }

  std::mt19937 random_;
  program made_;
  int next_task_ = 0;
  int next_step_ = 0;
  int next_place_ = 0;
  std::vector<int> timeouts_;  // the places of each kind
  std::vector<int> scopes_;
  std::vector<int> groups_;
  std::array<std::vector<int>, task_count> groups_of_;
};

const char* name(action what) {
  switch (what) {
    case action::sleep:
      return "sleep";
    case action::spawn:
      return "spawn";
    case action::spawn_in_group:
      return "spawn_in_group";
    case action::join:
      return "join";
    case action::cancel:
      return "cancel";
    case action::uncancel:
      return "uncancel";
    case action::cancel_later:
      return "cancel_later";
    case action::wait_future:
      return "wait_future";
    case action::set_future:
      return "set_future";
    case action::cancel_future:
      return "cancel_future";
    case action::fail:
      return "fail";
    case action::cancelling:
      return "cancelling";
    case action::with_timeout:
      return "with_timeout";
    case action::reschedule:
      return "reschedule";
    case action::scope:
      return "scope";
    case action::endless_scope:
      return "endless_scope";
    case action::shield:
      return "shield";
    case action::cancel_scope:
      return "cancel_scope";
    case action::group:
      return "group";
    case action::cancel_group:
      return "cancel_group";
    case action::swallow:
      return "swallow";
    case action::swallow_all:
      return "swallow_all";
    case action::clean_up:
      return "clean_up";
  }
  return "?";
}

void write(const block& what, const std::string& indent, std::string& text) {
  for (const step& each : what.steps) {
    text += indent + '#' + std::to_string(each.number) + ' ' + name(each.what) + ' ' + std::to_string(each.a) + ' ' +
            std::to_string(each.b) + '\n';
    if (each.body) write(*each.body, indent + "    ", text);
    if (each.cleanup) {
      text += indent + "  finally\n";
      write(*each.cleanup, indent + "    ", text);
    }
  }
}

}  // namespace

program generate(unsigned seed) { return generator(seed).make(); }

std::string to_text(const program& what) {
  std::string text;
  for (std::size_t task = 0; task < what.tasks.size(); ++task) {
    text += "task " + std::to_string(task) + '\n';
    write(what.tasks[task], "  ", text);
  }
  return text;
}

}  // namespace random_program
