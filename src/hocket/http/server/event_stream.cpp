#include <algorithm>
#include <exception>
#include <utility>

#include <fmt/format.h>

#include <hocket/base/error.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/finally.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/http/server/event_stream.hpp>

namespace hocket::http {
namespace {

/// A line of its own for each of `text`'s: a line end of any kind would otherwise begin a field that somebody else has chosen.
void add_lines(std::string& to, std::string_view field, std::string_view text) {
  for (;;) {
    const std::size_t end = text.find_first_of("\r\n");
    to.append(field).append(text.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

void require_a_line(std::string_view text, const char* what) {
  if (text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos)
    throw error(fmt::format("the {} of an event has a line end or a NUL", what));
}

coro<void> beat(event_writer& events, duration every, cancel_scope& producing, std::exception_ptr& failure) {
  try {
    for (;;) {
      const time_point due = events.last_sent() + every;
      const time_point now = loop::running().time();
      if (now < due)
        co_await sleep(due - now);
      else
        co_await events.comment();
    }
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    failure = std::current_exception();
  }
  producing.cancel();
}

coro<void> run(function<coro<void>(event_writer&)>& produce, const event_stream_options& options, body_writer& to) {
  event_writer events(to);
  co_await events.comment();  // with the head, for which the page waits
  if (!options.heartbeat) {
    co_await produce(events);
    co_return;
  }
  cancel_scope producing;
  std::exception_ptr failure;
  task<void> beating;
  const auto produce_all = [&]() -> coro<void> { co_await produce(events); };
  const auto produce_beating = [&]() -> coro<void> {
    beating = create_task(beat(events, *options.heartbeat, producing, failure), {.name = "http heartbeat"});
    co_await producing.run(produce_all);
  };
  // It ends with what it refers to, also where there is no memory for something.
  const auto stop_beating = [&]() -> coro<void> {
    if (!beating) co_return;
    beating.cancel();
    try {
      co_await beating;
    } catch (...) {  // what it has to tell is in `failure`
    }
  };
  co_await finally(produce_beating(), stop_beating());
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

coro<void> event_writer::send(server_event next) {
  require_a_line(next.type, "type");
  require_a_line(next.id.value_or(""), "id");
  std::string text;
  if (next.id) text.append("id: ").append(*next.id).append("\n");
  if (!next.type.empty()) text.append("event: ").append(next.type).append("\n");
  add_lines(text, "data: ", next.data);
  co_await write(std::move(text));
}

coro<void> event_writer::send(std::string_view data) { co_await send(server_event{.data = data}); }

coro<void> event_writer::comment(std::string_view text) {
  std::string lines;
  add_lines(lines, ":", text);
  co_await write(std::move(lines));
}

coro<void> event_writer::retry(std::chrono::milliseconds pause) {
  co_await write(fmt::format("retry: {}\n", std::max<std::int64_t>(pause.count(), 0)));
}

coro<void> event_writer::write(std::string text) {
  text += '\n';
  const auto turn = co_await turn_.scoped_lock();
  last_sent_ = loop::running().time();
  co_await to_.write(text);
  co_await to_.flush();
}

reply event_stream(function<coro<void>(event_writer&)> produce, event_stream_options options) {
  auto produce_all = [produce = std::move(produce), options](body_writer& to) mutable -> coro<void> {
    co_await run(produce, options, to);
  };
  reply given = reply::stream("text/event-stream", std::move(produce_all));
  given.headers.add("Cache-Control", "no-store");
  given.headers.add("X-Accel-Buffering", "no");  // nginx would keep events until it has 4 KiB of them
  return given;
}

}  // namespace hocket::http
