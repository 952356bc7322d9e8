// Input and output of a run that is inside of another loop, which here is poll(2).

#include <cerrno>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <io/connected_sockets.hpp>
#include <io/foreign_numbers.hpp>
#include <io/what_is_thrown.hpp>
#include <poll.h>
#include <unistd.h>

#include <hocket/core/gather.hpp>
#include <hocket/core/guest_run.hpp>
#include <hocket/core/run_coroutine_threadsafe.hpp>
#include <hocket/io/file.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/resolve.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/io/wait_readable.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/leak_check.hpp>

using namespace std::chrono_literals;
using hocket::backend_kind;
using hocket::coro;
using hocket::create_task;
using hocket::guest_run;
using hocket::run_options;
using hocket::testing::foreign_pipe;
using hocket::testing::foreign_sockets;
using hocket::testing::what_is_thrown;

namespace {

using outcome = std::expected<void, std::exception_ptr>;

bool poll(int number, int limit = 60'000) {
  pollfd state{.fd = number, .events = POLLIN, .revents = 0};
  return ::poll(&state, 1, limit) != 0;  // a signal: look again
}

/// The host, as long as it is told that the guest has something to do, or until it is done.
void host_until_idle(guest_run& guest) {
  while (!guest.is_done() && poll(guest.descriptor(), 0)) guest.run_ready();
}

void host(guest_run& guest) {
  while (!guest.is_done()) {
    if (!poll(guest.descriptor())) {
      ADD_FAILURE() << "the guest's descriptor did not become readable";
      std::abort();
    }
    guest.run_ready();
  }
}

void on_each(const std::function<void(const run_options&)>& test) {
  for (const auto kind : {backend_kind::epoll, backend_kind::io_uring}) {
    if (kind == backend_kind::io_uring && !hocket::io_uring_works()) continue;
    SCOPED_TRACE(hocket::testing::name_of(kind));
    const hocket::testing::leak_check check;
    test({.backend = kind});
    EXPECT_TRUE(check.left().none()) << check.left().to_string();
  }
}

void no_error(const outcome& ended) {
  if (!ended) {
    ADD_FAILURE() << "the main coroutine threw";
  }
}

coro<void> echo(hocket::stream_reader reader, hocket::stream_writer writer) {
  for (;;) {
    const std::string bytes = co_await reader.read(64 * 1024);
    if (bytes.empty()) co_return;
    writer.write(bytes);
    co_await writer.drain();
  }
}

coro<std::string> ask(std::uint16_t port, std::string question) {
  auto [reader, writer] = co_await hocket::open_connection("127.0.0.1", port);
  writer.write(question);
  writer.write_eof();
  std::string answer = co_await reader.read();
  writer.close();
  co_await writer.wait_closed();
  co_return answer;
}

coro<std::size_t> ask_many_at_once() {
  auto server = co_await hocket::start_server(echo, "127.0.0.1", 0);
  const auto port = server.addresses().front().port();
  std::vector<coro<std::string>> clients;
  for (int n = 0; n < 20; ++n) clients.push_back(ask(port, std::string(100'000, static_cast<char>('a' + n))));
  std::size_t right = 0;
  for (const std::string& answer : co_await hocket::gather(std::move(clients)))
    right += answer == std::string(100'000, static_cast<char>('a' + right)) ? 1 : 0;
  server.close();
  co_await server.wait_closed();
  co_return right;
}

}  // namespace

TEST(guest_io, echoes_to_itself) {
  on_each([](const run_options& options) {
    std::size_t right = 0;
    guest_run guest(ask_many_at_once(), [&](const auto& ended) { right = ended.value(); }, options);
    host(guest);
    EXPECT_EQ(right, 20U);
  });
}

TEST(guest_io, talks_to_another_thread) {
  on_each([](const run_options& options) {
    const auto [near, far] = foreign_sockets();
    const auto main = [](int number) -> coro<void> {
      hocket::byte_stream stream{hocket::io_handle(::dup(number))};
      for (int n = 0; n < 1000; ++n) {
        const hocket::buffer bytes = co_await stream.receive();
        co_await stream.send_all(bytes.text());
      }
    };
    guest_run guest(main(near), no_error, options);
    std::jthread other([&] {
      for (int n = 0; n < 1000; ++n) {
        const std::string question = std::to_string(n);
        far.write(question);
        EXPECT_EQ(far.read(), question);
      }
    });
    host(guest);
  });
}

TEST(guest_io, reads_files_and_looks_up_names) {
  on_each([](const run_options& options) {
    std::string begin;
    const auto main = [&]() -> coro<void> {
      auto self = co_await hocket::file::open("/proc/self/exe");
      std::array<char, 4> bytes{};
      static_cast<void>(co_await self.read(bytes));
      begin.assign(bytes.begin() + 1, bytes.end());
      self.close();
      EXPECT_FALSE((co_await hocket::resolve("localhost", 80)).empty());
    };
    guest_run guest(main(), no_error, options);
    host(guest);
    EXPECT_EQ(begin, "ELF");
  });
}

TEST(guest_io, calls_readers_and_wakes_who_waits_for_descriptors_of_others) {
  on_each([](const run_options& options) {
    const auto [near, far] = foreign_pipe();
    const auto [other, other_far] = foreign_pipe();
    std::string trace;
    const auto main = [&]() -> coro<void> {
      co_await hocket::wait_readable(near);
      trace += near.read();
    };
    guest_run guest(main(), no_error, options);
    host_until_idle(guest);
    // Added by the host between the calls, and called in a later one.
    guest.get_loop().add_reader(other, [&] { trace += other.read(); });
    host_until_idle(guest);
    EXPECT_FALSE(poll(guest.descriptor(), 0));
    other_far.write("reader;");
    EXPECT_TRUE(poll(guest.descriptor()));
    host_until_idle(guest);
    EXPECT_EQ(trace, "reader;");
    far.write("task;");
    host(guest);
    EXPECT_EQ(trace, "reader;task;");
  });
}

TEST(guest_io, that_its_host_cancels_between_the_calls_ends) {
  on_each([](const run_options& options) {
    const auto [near, far] = foreign_sockets();
    hocket::task<void> receiving;
    const auto main = [&]() -> coro<void> {
      hocket::byte_stream stream{hocket::io_handle(::dup(near))};
      receiving = create_task(
          [](hocket::byte_stream& from) -> coro<void> { static_cast<void>(co_await from.receive()); }(stream));
      static_cast<void>(co_await hocket::as_result(receiving));
    };
    guest_run guest(main(), no_error, options);
    host_until_idle(guest);
    receiving.cancel();
    host(guest);
    EXPECT_TRUE(receiving.was_cancelled());
    receiving = {};
  });
}

TEST(guest_io, on_a_socket_that_its_host_closes_between_the_calls_ends) {
  on_each([](const run_options& options) {
    hocket::byte_stream stream;
    std::string why;
    const auto [near, far] = foreign_sockets();
    const auto main = [&]() -> coro<void> {
      stream = hocket::byte_stream(hocket::io_handle(::dup(near)));
      why = co_await what_is_thrown(stream.receive());
    };
    guest_run guest(main(), no_error, options);
    host_until_idle(guest);
    stream.abort();
    host(guest);
    EXPECT_EQ(why, "receive: Operation canceled");
  });
}

TEST(guest_io, destroyed_in_the_middle_leaves_no_descriptor_open) {
  on_each([](const run_options& options) {
    const auto main = []() -> coro<void> {
      auto [client, server] = co_await hocket::testing::connect_on_loopback();
      static_cast<void>(co_await client.receive());
    };
    guest_run guest(main(), no_error, options);
    for (int n = 0; n < 100; ++n) {
      poll(guest.descriptor(), 1);
      guest.run_ready();
    }
  });
}

TEST(guest_io, may_be_written_to_by_its_host_between_the_calls) {
  on_each([](const run_options& options) {
    std::optional<hocket::stream_writer> writer;
    std::string came;
    const auto main = [&]() -> coro<void> {
      auto [client, server] = co_await hocket::testing::connect_on_loopback();
      auto [reader, to] = hocket::open_connection(hocket::byte_stream(std::move(client)));
      writer.emplace(std::move(to));
      while (auto piece = co_await server.receive()) came += piece.text();
    };
    guest_run guest(main(), no_error, options);
    host_until_idle(guest);
    while (!writer) {
      poll(guest.descriptor());
      host_until_idle(guest);
    }
    const std::string large(100'000, 'x');
    writer->write("from the host");
    writer->write(large);
    writer->close();
    host(guest);
    EXPECT_EQ(came, "from the host" + large);
    writer.reset();
  });
}

TEST(guest_io, is_not_waited_for_on_its_own_thread) {
  on_each([](const run_options& options) {
    const auto main = []() -> coro<void> { co_return; };
    guest_run guest(main(), no_error, options);
    auto asked = hocket::run_coroutine_threadsafe(guest.get_loop(), main);
    EXPECT_THROW(asked.result(), hocket::invalid_state_error);
    host(guest);
  });
}
