// Written as text, piece by piece: a process may have a hundred thousand tasks, of which a tree of values would be made and dropped for nothing.
// Places come up again and again, and are written once.

#include "inspect_json.hpp"

#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <hocket/base/json_string.hpp>
#include <hocket/inspect/task_text.hpp>

namespace hocket::app {
namespace {

std::string number(std::optional<double> value) { return value ? fmt::format("{}", *value) : "null"; }

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

class writer {
 public:
  explicit writer(const inspect::snapshot& seen) : seen_(seen), places_(seen.places.size()) {}

  std::string write(std::string_view what_was_read) {
    add("{{{},\"torn\":{},\"seconds_stopped\":{},", what_was_read, seen_.torn, seconds(seen_.stopped));
    add_sampling();
    list("loops", seen_.loops, [this](const inspect::loop& each) { add_loop(each); });
    text_ += "}\n";
    return std::move(text_);
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Values>(values)...);
  }
  void add_text(std::string_view key, std::string_view value) {
    add("\"{}\":", key);
    append_json_string(text_, value);
  }
  template <class All, class Each>
  void list(std::string_view key, const All& all, Each each) {
    add("\"{}\":[", key);
    bool is_first = true;
    for (const auto& item : all) {
      if (!std::exchange(is_first, false)) text_ += ',';
      each(item);
    }
    text_ += ']';
  }

  void add_sampling() {
    text_ += "\"sampled\":";
    if (const auto& sampled = seen_.sampled)
      add("{{\"seconds\":{},\"samples\":{},\"load\":{}}},", seconds(sampled->length), sampled->samples,
          number(sampled->load));
    else
      text_ += "null,";
  }

  void add_loop(const inspect::loop& loop) {
    add("{{\"id\":\"{:#x}\",\"running\":{},\"turns\":{},\"looks\":{},\"steps\":{},\"ready\":{},", loop.id, loop.running,
        loop.turns, loop.looks, loop.steps, loop.ready);
    add_lag(loop);
    list("operations", loop.requests, [this](const inspect::operations& each) {
      text_ += '{';
      add_text("kind", each.kind);
      add(",\"succeeded\":{},\"failed\":{},\"cancelled\":{}}}", each.succeeded, each.failed, each.cancelled);
    });
    add(",\"bytes_received\":{},\"bytes_sent\":{},\"timers\":{},\"in_flight\":{},\"descriptors\":{},",
        loop.bytes_received, loop.bytes_sent, loop.timers, loop.in_flight, loop.descriptors);
    if (loop.load)
      add("\"load\":{{\"in_steps\":{},\"beside\":{}}},", loop.load->in_steps, loop.load->beside);
    else
      text_ += "\"load\":null,";
    list("tasks", loop.tasks, [this, &loop](const inspect::task& each) { add_task(loop, each); });
    text_ += ',';
    list("deadlocks", loop.deadlocks, [this, &loop](const inspect::deadlock& each) {
      text_ += '{';
      list_ids("circle", loop, each.circle);
      text_ += ',';
      list_ids("tasks", loop, each.tasks);
      text_ += '}';
    });
    text_ += '}';
  }

  void list_ids(std::string_view key, const inspect::loop& of, const std::vector<std::uint32_t>& tasks) {
    list(key, tasks, [this, &of](std::uint32_t each) { add("\"{:#x}\"", of.tasks[each].id); });
  }

  void add_lag(const inspect::loop& loop) {
    std::vector<std::size_t> met;
    for (std::size_t n = 0; n < loop.lag.size(); ++n)
      if (loop.lag[n] > 0) met.push_back(n);
    list("looks_within_microseconds", met, [this, &loop](std::size_t n) {
      const bool has_end = n + 1 < loop.lag.size();
      add("{{\"less_than\":{},\"count\":{}}}", has_end ? std::to_string(std::uint64_t{1} << n) : "null", loop.lag[n]);
    });
    text_ += ',';
  }

  // Numbers of 64 bits are none of JavaScript's: ids are texts.
  void add_task(const inspect::loop& of, const inspect::task& task) {
    add("{{\"id\":\"{:#x}\",", task.id);
    add_text("name", task.name);
    add(",\"state\":\"{}\",\"made\":{},", inspect::state_text(task.state), place(task.created));
    list("frames", task.frames, [this](std::uint32_t each) { text_ += place(each); });
    add(",\"shortened\":{},\"waits_for\":", task.shortened);
    if (task.waits_for)
      add_wait(of, *task.waits_for);
    else
      text_ += "null";
    text_ += ',';
    add_text("does", task.activity);
    add(",\"steps\":{},\"seconds_since_step\":{},\"seconds_old\":{},\"seconds_spent\":{},\"load\":{},\"seconds_longest_"
        "step\":{},",
        task.steps, seconds(task.since), seconds(task.age),
        number(task.spent ? std::optional(seconds(*task.spent)) : std::nullopt), number(task.load),
        number(task.longest_step ? std::optional(seconds(*task.longest_step)) : std::nullopt));
    list_ids("awaited_by", of, task.awaited_by);
    text_ += '}';
  }

  void add_wait(const inspect::loop& of, const inspect::wait& what) {
    text_ += '{';
    add_text("kind", what.kind);
    if (what.left) add(",\"seconds_left\":{}", seconds(*what.left));
    if (what.descriptor) add(",\"descriptor\":{}", *what.descriptor);
    if (what.awaited) add(",\"awaited\":\"{:#x}\"", of.tasks[*what.awaited].id);
    for (const auto& [key, value] : {std::pair("own_address", &what.own_address), std::pair("peer", &what.peer)}) {
      if (value->empty()) continue;
      text_ += ',';
      add_text(key, *value);
    }
    if (what.object) add(",\"object\":\"{:#x}\"", *what.object);
    if (what.held_by) add(",\"held_by\":\"{:#x}\"", of.tasks[*what.held_by].id);
    if (!what.function.empty()) {
      text_ += ',';
      add_text("function", what.function);
    }
    if (what.process && *what.process != 0) add(",\"process\":{}", *what.process);
    if (what.thread && *what.thread != 0) add(",\"thread\":{}", *what.thread);
    if (what.count) add(",\"count\":{}", *what.count);
    text_ += '}';
  }

  const std::string& place(std::uint32_t number) {
    std::string& text = places_[number];
    if (text.empty()) {
      const auto& [function, file, line] = seen_.places[number];
      text = "{\"function\":";
      append_json_string(text, function);
      text += ",\"file\":";
      append_json_string(text, file);
      text += fmt::format(",\"line\":{}}}", line);
    }
    return text;
  }

  const inspect::snapshot& seen_;
  std::vector<std::string> places_;
  std::string text_;
};

}  // namespace

std::string inspect_json(std::string_view what_was_read, const inspect::snapshot& seen) {
  return writer(seen).write(what_was_read);
}

}  // namespace hocket::app
