// A scenario's tasks as coroutines: each step is awaited, and what came of it is noted with the time and the task's name.

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <hocket/core/as_completed.hpp>
#include <hocket/core/context_var.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/core/shield.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/core/wait.hpp>
#include <hocket/sync/barrier.hpp>
#include <hocket/sync/condition.hpp>
#include <hocket/sync/event.hpp>
#include <hocket/sync/lock.hpp>
#include <hocket/sync/queue.hpp>
#include <hocket/sync/semaphore.hpp>
#include <hocket/testing/virtual_clock.hpp>

#include "scenario.hpp"

namespace differential {
namespace {

using std::chrono::milliseconds;
using outcome = hocket::coro<std::string>;  // what is noted: "" or a value

struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const hocket::cancelled&) {
    return "cancelled";
  } catch (const hocket::timeout_error&) {
    return "timed out";
  } catch (const hocket::exception_group& group) {
    std::string text;
    for (const auto& each : group.errors()) text += (text.empty() ? "" : "; ") + describe(each);
    return "group(" + text + ")";
  } catch (const failure& known) {
    return known.what();
  } catch (const hocket::broken_barrier_error&) {
    return "broken";
  } catch (const hocket::invalid_state_error&) {
    return "refused";
  }
}

bool is_about_tasks(std::string_view verb) {
  static constexpr std::array verbs{"start",      "eager",      "spawn",       "spawn_in",   "spawn_eagerly",
                                    "join",       "gather",     "gather_all",  "within",     "cancel",
                                    "uncancel",   "requests",   "status",      "shield",     "wait_all",
                                    "wait_any",   "wait_error", "wait_up_to",  "each_ended", "each_up_to",
                                    "gather_new", "within_new", "cancel_group"};
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

bool is_about_the_loop(std::string_view verb) {
  static constexpr std::array verbs{"soon",       "later",   "at",   "unschedule", "callback", "uncallback",
                                    "reschedule", "expired", "when", "assign",     "read",     "undo"};
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

class teller {
 public:
  explicit teller(const scenario& told) : told_(told) {}

  hocket::coro<void> main() {
    begin_ = hocket::loop::running().time();
    hocket::loop::running().set_exception_handler([](const hocket::exception_context&) {});
    make_shared_things();
    co_await run(told_.tasks.front().first, told_.tasks.front().second, nullptr);
  }

  [[nodiscard]] const trace& what_happened() const { return trace_; }

 private:
  void make_shared_things() {
    for (const auto& [kind, name, number] : told_.shared) {
      if (kind == "queue") queues_.try_emplace(name, number);
      if (kind == "lock") locks_.try_emplace(name);
      if (kind == "event") events_.try_emplace(name);
      if (kind == "semaphore") semaphores_.try_emplace(name, number);
      if (kind == "future") futures_.try_emplace(name);
      if (kind == "condition") conditions_.try_emplace(name);
      if (kind == "barrier") barriers_.try_emplace(name, number);
      if (kind == "variable") variables_.try_emplace(name, name);
    }
  }

  void note(const std::string& what) {
    const auto now = (hocket::loop::running().time() - begin_) / milliseconds(1);
    trace_.push_back(std::to_string(now) + ' ' + what);
  }

  hocket::coro<void> run(std::string me, const std::vector<step>& steps, hocket::task_group* group) {
    for (const step& each : steps) {
      std::exception_ptr error;
      std::string value;
      try {
        value = co_await run_step(me, each, group);
      } catch (...) {
        error = std::current_exception();
        value = describe(error);
      }
      note(me + ": " + each.line + (value.empty() ? "" : " -> " + value));
      if (error) std::rethrow_exception(error);
    }
  }
  HOCKET_CORO_WRAPPER hocket::coro<void> task_named(const std::string& name) {
    return run(name, told_.steps_of(name), nullptr);
  }

  /// What a callback does: the steps of a task of its name, none of which may wait, or nothing.
  void called(const std::string& name) {
    note("callback " + name);
    for (const auto& [known, steps] : told_.tasks)
      if (known == name) hocket::create_task(run(name, steps, nullptr), {.eager_start = true});
  }
  auto calling(const std::string& name) {
    return [this, name] { called(name); };
  }

  outcome run_step(const std::string& me, const step& now, hocket::task_group* group) {
    if (!now.body.empty()) {
      co_await run_block(me, now, group);
    } else if (now.verb == "note") {
    } else if (now.verb == "sleep") {
      co_await hocket::sleep(milliseconds(std::stoi(now.words[0])));
    } else if (now.verb == "cancel_self") {
      hocket::current_task().cancel();
    } else if (now.verb == "fail") {
      throw failure(now.line.substr(now.line.find(' ') + 1));
    } else if (is_about_tasks(now.verb)) {
      co_return co_await with_task(now, group);
    } else if (is_about_the_loop(now.verb)) {
      co_return with_loop(now);
    } else {
      co_return co_await with_thing(now);
    }
    co_return "";
  }

  hocket::coro<void> run_block(const std::string& me, const step& now, hocket::task_group* group) {
    auto body = [&] HOCKET_CORO_WRAPPER { return run(me, now.body, group); };
    if (now.verb == "try") {
      try {
        co_await body();
      } catch (...) {
      }
    } else if (now.verb == "timeout" || now.verb == "timeout_at") {
      hocket::timeout& limit = all_timeouts_.emplace_back(deadline_of(now));
      if (now.words.size() > 1) timeouts_[now.words[1]] = &limit;
      co_await limit.run(body);
    } else if (now.verb == "repeat") {
      for (int left = std::stoi(now.words[0]); left > 0; --left) co_await body();
    } else if (now.verb == "group") {
      co_await hocket::with_task_group([&](hocket::task_group& inner) -> hocket::coro<void> {
        if (!now.words.empty()) groups_[now.words[0]] = &inner;
        co_await run(me, now.body, &inner);
      });
    }
  }

  outcome with_task(const step& now, hocket::task_group* group) {
    const std::string name = now.words.empty() ? "" : now.words[0];
    if (now.verb == "start") tasks_[name] = hocket::create_task(task_named(name));
    if (now.verb == "eager") tasks_[name] = hocket::create_task(task_named(name), {.eager_start = true});
    if (now.verb == "spawn") tasks_[name] = group->create_task(task_named(name));
    if (now.verb == "spawn_eagerly") tasks_[name] = group->create_task(task_named(name), {.eager_start = true});
    if (now.verb == "spawn_in") tasks_[now.words[1]] = groups_.at(name)->create_task(task_named(now.words[1]));
    if (now.verb == "cancel_group") groups_.at(name)->cancel();
    if (now.verb == "join") co_await tasks_.at(name);
    if (now.verb.starts_with("gather")) co_return co_await gather(now);
    if (now.verb == "within") co_await hocket::wait_for(tasks_.at(now.words[1]), time_in(name));
    if (now.verb == "within_new") co_await hocket::wait_for(task_named(now.words[1]), time_in(name));
    if (now.verb == "shield") co_await hocket::shield(tasks_.at(name));
    if (now.verb.starts_with("wait_")) co_return co_await wait_for_some(now);
    if (now.verb.starts_with("each_")) co_await note_each(now);
    if (now.verb == "cancel") tasks_.at(name).cancel();
    if (now.verb == "uncancel") tasks_.at(name).uncancel();
    if (now.verb == "requests") {
      const bool is_main = name == told_.tasks.front().first;
      co_return std::to_string(is_main ? hocket::current_task().cancelling() : tasks_.at(name).cancelling());
    }
    if (now.verb == "status") co_return status(tasks_.at(name));
    co_return "";
  }

  static milliseconds time_in(const std::string& word) { return milliseconds(std::stoi(word)); }

  outcome gather(const step& now) {
    if (now.verb == "gather_new") {
      std::vector<hocket::coro<void>> all;
      for (const auto& each : now.words) all.push_back(task_named(each));
      co_await hocket::gather(std::move(all));
      co_return "";
    }
    std::string text;
    if (now.verb == "gather") {
      co_await hocket::gather(tasks_of(now));
    } else {
      for (const auto& each : co_await hocket::gather(hocket::return_exceptions, tasks_of(now)))
        text += (text.empty() ? "" : " ") + (each ? "finished" : describe(each.error()));
    }
    co_return text;
  }

  /// `wait_up_to` and `each_up_to` begin with a time.
  std::vector<hocket::task<void>> tasks_of(const step& now) const {
    std::vector<hocket::task<void>> all;
    for (const auto& each : now.words)
      if (tasks_.contains(each)) all.push_back(tasks_.at(each));
    return all;
  }
  static std::optional<hocket::delay> time_of(const step& now) {
    if (!now.verb.ends_with("_up_to")) return std::nullopt;
    return milliseconds(std::stoi(now.words[0]));
  }

  outcome wait_for_some(const step& now) {
    hocket::wait_options options{.timeout = time_of(now)};
    if (now.verb == "wait_any") options.return_when = hocket::return_when::first_completed;
    if (now.verb == "wait_error") options.return_when = hocket::return_when::first_exception;
    const auto [done, pending] = co_await hocket::wait(tasks_of(now), options);
    std::string names;
    for (const auto& each : now.words)
      if (tasks_.contains(each) && std::find(done.begin(), done.end(), tasks_.at(each)) != done.end())
        names += each + ' ';
    co_return names + "of " + std::to_string(done.size() + pending.size());
  }

  hocket::coro<void> note_each(const step& now) {
    hocket::as_completed ended(tasks_of(now), {.timeout = time_of(now)});
    for (bool more = true; more;) {
      std::string how = "ended";
      try {
        more = co_await ended.next_result();
      } catch (...) {
        if (hocket::current_task().cancelling() > 0) throw;
        how = describe(std::current_exception());
      }
      if (more) note("one " + how);
    }
  }

  static std::string status(const hocket::task<void>& task) {
    if (!task.done()) return "running";
    if (task.was_cancelled()) return "cancelled";
    return task.exception() ? "failed" : "finished";
  }

  std::optional<hocket::time_point> time_or_none(const std::string& word) const {
    return word == "none" ? std::nullopt : std::optional(begin_ + time_in(word));
  }
  std::optional<hocket::time_point> deadline_of(const step& now) const {
    if (now.verb == "timeout_at" || now.words[0] == "none") return time_or_none(now.words[0]);
    return hocket::loop::running().time() + time_in(now.words[0]);
  }

  std::string with_loop(const step& now) {
    hocket::loop& loop = hocket::loop::running();
    const std::string& name = now.words[0];
    const std::string& other = now.words.back();
    if (now.verb == "soon") handles_[name] = loop.call_soon(calling(name));
    if (now.verb == "later") handles_[other] = loop.call_later(time_in(name), calling(other));
    if (now.verb == "at") handles_[other] = loop.call_at(begin_ + time_in(name), calling(other));
    if (now.verb == "unschedule") handles_.at(name).cancel();
    if (now.verb == "callback" && tasks_.contains(name))
      handles_[other] = tasks_.at(name).add_done_callback(calling(other));
    if (now.verb == "callback" && futures_.contains(name))
      handles_[other] = futures_.at(name).add_done_callback(calling(other));
    if (now.verb == "uncallback") handles_.at(other).cancel();
    if (now.verb == "reschedule") timeouts_.at(name)->reschedule(time_or_none(other));
    if (now.verb == "expired") return timeouts_.at(name)->expired() ? "yes" : "no";
    if (now.verb == "when") {
      const auto deadline = timeouts_.at(name)->when();
      return deadline ? std::to_string((*deadline - begin_) / milliseconds(1)) : "none";
    }
    if (now.verb == "assign") tokens_.insert_or_assign(name, variables_.at(name).set(std::stoi(other)));
    if (now.verb == "undo") variables_.at(name).reset(tokens_.at(name));
    if (now.verb == "read") {
      const int value = variables_.at(name).get(-1);
      return value < 0 ? "unset" : std::to_string(value);
    }
    return "";
  }

  outcome with_thing(const step& now) {
    const std::string& name = now.words[0];
    const int number = now.words.size() > 1 ? std::stoi(now.words[1]) : 0;
    if (now.verb == "get") co_return std::to_string(co_await queues_.at(name).get());
    if (now.verb == "put") co_await queues_.at(name).put(number);
    if (now.verb == "get_nowait") {
      const auto got = queues_.at(name).get_nowait();
      co_return got ? std::to_string(*got) : "nothing";
    }
    if (now.verb == "put_nowait" && !queues_.at(name).put_nowait(number)) co_return "full";
    if (now.verb == "task_done") queues_.at(name).task_done();
    if (now.verb == "all_done") co_await queues_.at(name).join();
    if (now.verb == "acquire" && locks_.contains(name)) co_await locks_.at(name).acquire();
    if (now.verb == "release" && locks_.contains(name)) locks_.at(name).release();
    if (now.verb == "acquire" && conditions_.contains(name)) co_await conditions_.at(name).acquire();
    if (now.verb == "release" && conditions_.contains(name)) conditions_.at(name).release();
    if (now.verb == "enter") co_await semaphores_.at(name).acquire();
    if (now.verb == "leave") semaphores_.at(name).release();
    if (now.verb == "wait") co_await events_.at(name).wait();
    if (now.verb == "set_event") events_.at(name).set();
    if (now.verb == "clear_event") events_.at(name).clear();
    if (now.verb == "set") futures_.at(name).set_result(number);
    if (now.verb == "drop") futures_.at(name).cancel();
    if (now.verb == "size") co_return std::to_string(queues_.at(name).qsize());
    if (now.verb == "locked") co_return is_locked(name) ? "yes" : "no";
    if (now.verb == "meet") co_return std::to_string(co_await barriers_.at(name).wait());
    if (now.verb == "abort") barriers_.at(name).abort();
    if (now.verb == "reset") barriers_.at(name).reset();
    if (now.verb == "wait_condition") co_await conditions_.at(name).wait();
    if (now.verb == "notify") conditions_.at(name).notify(static_cast<std::size_t>(number));
    if (now.verb == "notify_all") conditions_.at(name).notify_all();
    if (now.verb == "await") co_return std::to_string(co_await futures_.at(name));
    co_return "";
  }

  [[nodiscard]] bool is_locked(const std::string& name) const {
    if (locks_.contains(name)) return locks_.at(name).locked();
    if (conditions_.contains(name)) return conditions_.at(name).locked();
    return semaphores_.at(name).locked();
  }

  const scenario& told_;
  hocket::time_point begin_;
  trace trace_;
  std::map<std::string, hocket::task<void>> tasks_;
  std::map<std::string, hocket::queue<int>> queues_;
  std::map<std::string, hocket::lock> locks_;
  std::map<std::string, hocket::event> events_;
  std::map<std::string, hocket::semaphore> semaphores_;
  std::map<std::string, hocket::future<int>> futures_;
  std::map<std::string, hocket::condition> conditions_;
  std::map<std::string, hocket::barrier> barriers_;
  std::map<std::string, hocket::context_var<int>> variables_;
  std::map<std::string, hocket::context_var<int>::token> tokens_;
  std::map<std::string, hocket::handle> handles_;
  std::list<hocket::timeout> all_timeouts_;
  std::map<std::string, hocket::timeout*> timeouts_;  // those that have a name
  std::map<std::string, hocket::task_group*> groups_;
};

}  // namespace

trace run_on_hocket(const scenario& told) {
  hocket::testing::virtual_clock time;
  teller one(told);
  trace end;
  try {
    hocket::run(one.main(), {.clock = &time});
  } catch (...) {
    end.push_back("main ended: " + describe(std::current_exception()));
  }
  trace all = one.what_happened();
  all.insert(all.end(), end.begin(), end.end());
  return all;
}

}  // namespace differential
