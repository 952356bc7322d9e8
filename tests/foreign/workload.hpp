#pragma once

#include <exception>
#include <expected>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/cancel_scope.hpp>
#include <hocket/core/future.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/guest_run.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/leak_check.hpp>

namespace hocket::testing {

/// The backends whose loops can be inside of another one.
inline std::vector<backend_kind> guest_backends() {
  std::vector<backend_kind> all{backend_kind::epoll};
  if (io_uring_works()) all.push_back(backend_kind::io_uring);
  return all;
}

/// `test` once on each of `backends`, after which nothing must be left.
inline void on_each(const std::vector<backend_kind>& backends, const std::function<void(const run_options&)>& test) {
  for (const backend_kind kind : backends) {
    SCOPED_TRACE(name_of(kind));
    const leak_check check;
    test({.backend = kind});
    EXPECT_TRUE(check.left().none()) << check.left().to_string();
  }
}

inline coro<void> echo(stream_reader reader, stream_writer writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(64 * 1024);
    if (bytes.empty()) co_return;
    writer.write(bytes);
    co_await writer.drain();
  }
}

/// What the server at that port of this machine answers.
inline coro<std::string> ask(std::uint16_t port, std::string question) {
  auto [reader, writer] = co_await open_connection("127.0.0.1", port);
  writer.write(question);
  writer.write_eof();
  std::string answer = co_await reader.read();
  writer.close();
  co_await writer.wait_closed();
  co_return answer;
}

inline coro<bool> talk_over_tcp() {
  auto server = co_await start_server(echo, "127.0.0.1", 0);
  const std::string question(300'000, 'x');
  const std::string answer = co_await ask(server.addresses().front().port(), question);
  server.close();
  co_await server.wait_closed();
  co_return answer == question;
}

inline coro<bool> sleep_a_little() {
  const auto begin = loop::running().time();
  for (int n = 0; n < 10; ++n) co_await sleep(std::chrono::milliseconds(1));
  co_return loop::running().time() - begin >= std::chrono::milliseconds(10);
}

/// Another thread has coroutines run here, one after the other.
inline coro<bool> be_called_from_a_thread() {
  const int sum = co_await to_thread([&here = loop::running()] {
    int added = 0;
    for (int n = 0; n < 100; ++n)
      added += run_coroutine_threadsafe(here, [n]() -> coro<int> {
                 co_await sleep(std::chrono::seconds(0));
                 co_return n;
               }).result();
    return added;
  });
  co_return sum == 4950;
}

/// Gives the tasks and the loop around them a turn until `condition` holds: the test is stuck if it never does.
inline coro<void> until(std::function<bool()> condition) {
  while (!condition()) co_await sleep(std::chrono::seconds(0));
}

/// What a program does with hocket, at the same time; true if all of it went well.
inline coro<bool> workload() {
  const auto [tcp, slept, called] = co_await gather(talk_over_tcp(), sleep_a_little(), be_called_from_a_thread());
  co_return tcp && slept && called;
}

}  // namespace hocket::testing
