#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/core/as_result.hpp>
#include <hocket/core/sleep.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/io/byte_stream.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_allocation.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::as_expected;
using hocket::as_result;
using hocket::connect_unix;
using hocket::coro;
using hocket::create_task;
using hocket::socket_address;
using hocket::unix_datagram_socket;
using hocket::unix_listener;
using hocket::unix_seqpacket_socket;
using hocket::unix_socket;
using hocket::testing::count_open_numbers;
using hocket::testing::ends_cancelled;
using hocket::testing::few_descriptors;
using hocket::testing::temporary_directory;
using hocket::testing::wait_all_tasks_blocked;

namespace {

socket_address in(const temporary_directory& folder, const std::string& name = "s") {
  return socket_address::unix_path((folder.path() + "/" + name));
}

std::size_t open_descriptors() { return hocket::loop::running().io().open_descriptors(); }

/// What it throws, and its words.
struct failure {
  std::error_code code;
  std::string text;
};
template <class Value>
failure failure_of(const std::expected<Value, std::exception_ptr>& outcome) {
  try {
    if (!outcome) std::rethrow_exception(outcome.error());
  } catch (const std::system_error& problem) {
    return {problem.code(), problem.what()};
  }
  return {};
}
template <class Make>
failure failure_of(Make make) {
  try {
    static_cast<void>(make());
  } catch (const std::system_error& problem) {
    return {problem.code(), problem.what()};
  }
  return {};
}

coro<std::string> receive_to_end(unix_socket& from) {
  std::string all;
  while (const auto piece = co_await from.receive()) all += piece.text();
  co_return all;
}

/// The reading ends of so many pipes, each with its own number to read.
struct pipes {
  explicit pipes(int count) {
    for (int n = 0; n < count; ++n) {
      std::array<int, 2> ends{};
      EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
      EXPECT_EQ(::write(ends[1], &n, sizeof n), ssize_t{sizeof n});
      ::close(ends[1]);
      numbers.push_back(ends[0]);
    }
  }
  ~pipes() {
    for (const int number : numbers) ::close(number);
  }
  pipes(const pipes&) = delete;
  std::vector<int> numbers;
};

int read_number(const hocket::io_handle& from) {
  int seen = -1;
  EXPECT_EQ(::read(from.number(), &seen, sizeof seen), ssize_t{sizeof seen});
  return seen;
}

// ---- connecting and listening

HOCKET_TEST(unix_socket, connects_at_a_path) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder));
  auto client = co_await connect_unix(in(folder));
  auto server = co_await listener.accept();
  co_await client.send_all("hello");
  EXPECT_EQ((co_await server.receive()).text(), "hello");
  EXPECT_EQ(client.peer_address(), in(folder));
  EXPECT_EQ(server.local_address(), in(folder));
  EXPECT_EQ(server.peer_address().to_string(), "(unnamed)");
}

HOCKET_TEST(unix_socket, connects_by_an_abstract_name_that_the_system_chose) {
  auto listener = unix_listener::listen(socket_address::unix_path(""));
  EXPECT_EQ(listener.local_address().path().size(), 6U);
  auto client = co_await connect_unix(listener.local_address());
  auto server = co_await listener.accept();
  client.close();
  EXPECT_FALSE(co_await server.receive());
}

HOCKET_TEST(unix_socket, connecting_where_nobody_listens_names_the_path) {
  const temporary_directory folder;
  const auto failed = failure_of(co_await as_result(connect_unix(in(folder))));
  EXPECT_EQ(failed.text, "cannot connect to " + in(folder).to_string() + ": No such file or directory");
}

HOCKET_TEST(unix_socket, a_listener_takes_the_place_of_a_socket_that_was_left) {
  const temporary_directory folder;
  {
    auto left = unix_listener::listen(in(folder), {.remove_on_close = false});
  }
  EXPECT_TRUE(std::filesystem::is_socket(in(folder).to_string()));
  auto listener = unix_listener::listen(in(folder));
  auto client = co_await connect_unix(in(folder));
  EXPECT_TRUE(client.is_open());
}

HOCKET_TEST(unix_socket, a_listener_does_not_take_the_place_of_a_socket_unless_it_may) {
  const temporary_directory folder;
  auto first = unix_listener::listen(in(folder));
  const auto failed = failure_of([&] { return unix_listener::listen(in(folder), {.remove_stale = false}); });
  EXPECT_EQ(failed.text, "cannot listen at " + in(folder).to_string() + ": Address already in use");
  auto client = co_await connect_unix(in(folder));
}

HOCKET_TEST(unix_socket, a_listener_removes_nothing_but_sockets) {
  const temporary_directory folder;
  std::ofstream(in(folder).to_string()) << "precious";
  EXPECT_EQ(failure_of([&] { return unix_listener::listen(in(folder)); }).code, std::errc::address_in_use);
  std::filesystem::create_symlink("nowhere", in(folder, "link").to_string());
  EXPECT_EQ(failure_of([&] { return unix_listener::listen(in(folder, "link")); }).code, std::errc::address_in_use);
  EXPECT_EQ(std::filesystem::file_size(in(folder).to_string()), 8U);
  EXPECT_TRUE(std::filesystem::is_symlink(in(folder, "link").to_string()));
  co_return;
}

HOCKET_TEST(unix_socket, a_listener_that_is_closed_removes_its_file) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder));
  auto elsewhere = std::move(listener);
  EXPECT_TRUE(std::filesystem::exists(in(folder).to_string()));
  elsewhere.close();
  EXPECT_FALSE(std::filesystem::exists(in(folder).to_string()));
  co_return;
}

HOCKET_TEST(unix_socket, a_listener_that_is_closed_leaves_the_file_of_its_successor) {
  const temporary_directory folder;
  auto first = unix_listener::listen(in(folder));
  auto second = unix_listener::listen(in(folder));
  first.close();
  auto client = co_await connect_unix(in(folder));
  EXPECT_TRUE(client.is_open());
}

HOCKET_TEST(unix_socket, a_listener_that_could_not_listen_leaves_no_file) {
  const temporary_directory folder;
  {
    const few_descriptors none(0);
    EXPECT_EQ(failure_of([&] { return unix_listener::listen(in(folder)); }).code, std::errc::too_many_files_open);
  }
  EXPECT_FALSE(std::filesystem::exists(in(folder).to_string()));
  co_return;
}

HOCKET_TEST(unix_socket, a_listeners_file_has_the_mode_that_was_asked_for) {
  const temporary_directory folder;
  for (const unsigned mode : {0600U, 0666U}) {
    auto listener = unix_listener::listen(in(folder), {.mode = mode});
    struct stat state{};
    ::stat(in(folder).to_string().c_str(), &state);
    EXPECT_EQ(state.st_mode & 0777, mode);
  }
  co_return;
}

HOCKET_TEST(unix_socket, connecting_waits_while_the_backlog_is_full) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder), {.backlog = 0});
  auto first = co_await connect_unix(in(folder));
  auto second = create_task(connect_unix(in(folder)));
  co_await hocket::sleep(1min);
  EXPECT_FALSE(second.done());
  auto accepted_first = co_await listener.accept();
  auto connected = co_await std::move(second);
  auto accepted_second = co_await listener.accept();
  co_await connected.send_all("made it");
  EXPECT_EQ((co_await accepted_second.receive()).text(), "made it");
}

HOCKET_TEST(unix_socket, connecting_to_a_full_backlog_can_be_cancelled) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder), {.backlog = 0});
  auto first = co_await connect_unix(in(folder));
  const std::size_t before = open_descriptors();
  auto second = create_task(connect_unix(in(folder)));
  co_await hocket::sleep(1s);
  second.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(second)));
  EXPECT_EQ(open_descriptors(), before);
}

HOCKET_TEST(unix_socket, connecting_to_a_full_backlog_fails_when_the_listener_goes) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder), {.backlog = 0});
  auto first = co_await connect_unix(in(folder));
  auto second = create_task(as_result(connect_unix(in(folder))));
  co_await hocket::sleep(1s);
  listener.close();
  const auto failed = failure_of(co_await std::move(second));
  EXPECT_TRUE(failed.code == std::errc::connection_refused || failed.code == std::errc::no_such_file_or_directory)
      << failed.text;
}

HOCKET_TEST(unix_socket, tells_who_is_at_the_other_end) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder));
  auto client = co_await connect_unix(in(folder));
  auto server = co_await listener.accept();
  for (const auto& socket : {&client, &server}) {
    EXPECT_EQ(socket->credentials().process, ::getpid());
    EXPECT_EQ(socket->credentials().user, ::getuid());
    EXPECT_EQ(socket->credentials().group, ::getgid());
  }
}

HOCKET_TEST(unix_socket, carries_a_byte_stream) {
  auto [one, other] = unix_socket::pair();
  hocket::byte_stream left(std::move(one)), right(std::move(other));
  co_await left.send_all("through a stream");
  EXPECT_EQ((co_await right.receive()).text(), "through a stream");
  co_await left.shutdown_send();
  EXPECT_FALSE(co_await right.receive());
}

// ---- descriptors

HOCKET_TEST(unix_socket, passes_descriptors_in_their_order) {
  auto [one, other] = unix_socket::pair();
  const pipes given(3);
  co_await one.send_descriptors("three", given.numbers);
  std::array<char, 16> bytes{};
  auto received = co_await other.receive_descriptors(bytes);
  EXPECT_EQ(std::string_view(bytes.data(), received.size), "three");
  EXPECT_EQ(received.descriptors.size(), 3U);
  EXPECT_FALSE(received.descriptors_lost);
  for (int n = 0; n < 3; ++n) EXPECT_EQ(read_number(received.descriptors[static_cast<std::size_t>(n)]), n);
}

HOCKET_TEST(unix_socket, closes_passed_descriptors_at_execve) {
  auto [one, other] = unix_socket::pair();
  const pipes given(1);
  ::fcntl(given.numbers[0], F_SETFD, 0);
  co_await one.send_descriptors("x", given.numbers);
  std::array<char, 1> byte{};
  const auto received = co_await other.receive_descriptors(byte);
  EXPECT_EQ(::fcntl(received.descriptors.at(0).number(), F_GETFD), FD_CLOEXEC);
}

HOCKET_TEST(unix_socket, a_passed_descriptor_that_arrived_first_is_waited_for) {
  auto [one, other] = unix_socket::pair();
  const pipes given(1);
  std::array<char, 8> bytes{};
  auto receiving = create_task(other.receive_descriptors(bytes));
  co_await wait_all_tasks_blocked();
  co_await one.send_descriptors("late", given.numbers);
  EXPECT_EQ((co_await std::move(receiving)).descriptors.size(), 1U);
}

HOCKET_TEST(unix_socket, more_descriptors_than_asked_for_are_closed_and_told) {
  auto [one, other] = unix_socket::pair();
  const std::size_t before = count_open_numbers();
  {
    const pipes given(5);
    co_await one.send_descriptors("x", given.numbers);
  }
  {
    std::array<char, 1> byte{};
    const auto received = co_await other.receive_descriptors(byte, 1);
    EXPECT_EQ(received.descriptors.size(), 1U);
    EXPECT_TRUE(received.descriptors_lost);
    EXPECT_EQ(count_open_numbers(), before + 1);
  }
  EXPECT_EQ(count_open_numbers(), before);
}

HOCKET_TEST(unix_socket, passes_as_many_descriptors_as_the_system_can_at_once) {
  auto [one, other] = unix_socket::pair();
  const pipes given(1);
  const std::vector<int> many(253, given.numbers[0]);
  co_await one.send_descriptors("x", many);
  std::array<char, 1> byte{};
  EXPECT_EQ((co_await other.receive_descriptors(byte, 253)).descriptors.size(), 253U);
}

HOCKET_TEST(unix_socket, descriptors_for_which_there_is_no_room_are_told_as_lost) {
  auto [one, other] = unix_socket::pair();
  const pipes given(3);
  co_await one.send_descriptors("x", given.numbers);
  std::array<char, 1> byte{};
  const few_descriptors two(2);
  const auto received = co_await other.receive_descriptors(byte);
  EXPECT_EQ(received.descriptors.size(), 2U);
  EXPECT_TRUE(received.descriptors_lost);
}

HOCKET_TEST(unix_socket, a_cancelled_receiver_takes_no_descriptors_and_the_next_one_gets_them) {
  auto [one, other] = unix_socket::pair();
  const pipes given(2);
  std::array<char, 8> bytes{};
  auto receiving = create_task(other.receive_descriptors(bytes));
  co_await wait_all_tasks_blocked();
  receiving.cancel();
  EXPECT_TRUE(co_await ends_cancelled(std::move(receiving)));
  const std::size_t before = count_open_numbers();
  co_await one.send_descriptors("again", given.numbers);
  EXPECT_EQ(count_open_numbers(), before);
  EXPECT_EQ((co_await other.receive_descriptors(bytes)).descriptors.size(), 2U);
}

HOCKET_TEST(unix_socket, a_receiver_cancelled_in_the_turn_in_which_descriptors_arrive_leaks_none) {
  const std::size_t before = count_open_numbers();
  {
    auto [one, other] = unix_socket::pair();
    const pipes given(2);
    std::array<char, 8> bytes{};
    auto receiving = create_task(other.receive_descriptors(bytes));
    co_await wait_all_tasks_blocked();
    co_await one.send_descriptors("now", given.numbers);
    receiving.cancel();
    static_cast<void>(co_await as_result(std::move(receiving)));
  }
  EXPECT_EQ(count_open_numbers(), before);
}

HOCKET_TEST(unix_socket, a_receiver_closed_in_the_turn_in_which_descriptors_arrive_leaks_none) {
  const std::size_t before = count_open_numbers();
  {
    auto [one, other] = unix_socket::pair();
    const pipes given(2);
    std::array<char, 8> bytes{};
    auto receiving = create_task(as_result(other.receive_descriptors(bytes)));
    co_await wait_all_tasks_blocked();
    co_await one.send_descriptors("now", given.numbers);
    other.close();
    static_cast<void>(co_await std::move(receiving));
  }
  EXPECT_EQ(count_open_numbers(), before);
}

HOCKET_TEST(unix_socket, a_plain_receive_closes_descriptors_and_still_gets_all_bytes) {
  auto [one, other] = unix_socket::pair();
  auto waiting = create_task(other.receive());  // so that the system tells of bytes from here on
  co_await wait_all_tasks_blocked();
  co_await one.send_all("first");
  static_cast<void>(co_await std::move(waiting));
  const std::size_t before = count_open_numbers();
  {
    const pipes given(1);
    co_await one.send_descriptors("with", given.numbers);
  }
  co_await one.send_all(" and without");
  std::string text;
  while (text.size() < 16) text += (co_await other.receive()).text();  // the system ends the first read after "with"
  EXPECT_EQ(text, "with and without");
  EXPECT_EQ(count_open_numbers(), before);
}

HOCKET_TEST(unix_socket, sends_all_bytes_after_the_descriptors) {
  auto [one, other] = unix_socket::pair();
  const pipes given(1);
  const std::string large(4 << 20, 'x');
  auto sending = create_task(one.send_descriptors(large, given.numbers));
  std::array<char, 1> byte{};
  EXPECT_EQ((co_await other.receive_descriptors(byte)).descriptors.size(), 1U);
  auto receiving = create_task(receive_to_end(other));
  co_await sending;
  one.shutdown_send();
  EXPECT_EQ((co_await std::move(receiving)).size(), large.size() - 1);
}

HOCKET_TEST(unix_socket, sending_a_descriptor_that_is_not_open_is_an_error) {
  auto [one, other] = unix_socket::pair();
  const std::array wrong{-1};
  EXPECT_EQ(failure_of(co_await as_result(one.send_descriptors("x", wrong))).code, std::errc::bad_file_descriptor);
}

// ---- messages

HOCKET_TEST(unix_seqpacket_socket, keeps_messages_apart) {
  auto [one, other] = unix_seqpacket_socket::pair();
  for (const char* text : {"first", "second message", "3"})
    EXPECT_EQ(co_await one.send(text), std::string(text).size());
  std::array<char, 64> bytes{};
  for (const std::string text : {"first", "second message", "3"}) {
    const auto received = co_await other.receive(bytes);
    EXPECT_EQ(std::string(bytes.data(), received.size), text);
    EXPECT_FALSE(received.truncated);
  }
}

HOCKET_TEST(unix_seqpacket_socket, tells_that_a_message_was_longer_than_the_memory) {
  auto [one, other] = unix_seqpacket_socket::pair();
  co_await one.send("too long");
  co_await one.send("fits");
  std::array<char, 4> bytes{};
  EXPECT_TRUE((co_await other.receive(bytes)).truncated);
  EXPECT_FALSE((co_await other.receive(bytes)).truncated);
}

HOCKET_TEST(unix_seqpacket_socket, listens_connects_and_ends) {
  auto listener = hocket::unix_seqpacket_listener::listen(socket_address::unix_path(""));
  auto client = co_await hocket::connect_unix_seqpacket(listener.local_address());
  auto server = co_await listener.accept();
  co_await client.send("hello");
  client.shutdown_send();
  std::array<char, 64> bytes{};
  EXPECT_EQ((co_await server.receive(bytes)).size, 5U);
  EXPECT_EQ((co_await server.receive(bytes)).size, 0U);
  EXPECT_EQ(server.credentials().process, ::getpid());
}

HOCKET_TEST(unix_seqpacket_socket, passes_descriptors_with_a_message) {
  auto [one, other] = unix_seqpacket_socket::pair();
  const pipes given(2);
  co_await one.send("take", given.numbers);
  std::array<char, 64> bytes{};
  EXPECT_EQ((co_await other.receive(bytes, 2)).descriptors.size(), 2U);
}

HOCKET_TEST(unix_datagram_socket, tells_the_senders_address) {
  const temporary_directory folder;
  auto one = unix_datagram_socket::bind(in(folder, "one"));
  auto other = unix_datagram_socket::bind(in(folder, "other"));
  co_await one.send_to("hello", in(folder, "other"));
  std::array<char, 64> bytes{};
  const auto received = co_await other.receive(bytes);
  EXPECT_EQ(received.size, 5U);
  EXPECT_EQ(received.sender, in(folder, "one"));
}

HOCKET_TEST(unix_datagram_socket, of_a_sender_without_address_the_sender_is_unnamed) {
  auto [one, other] = unix_datagram_socket::pair();
  co_await one.send("hello");
  std::array<char, 64> bytes{};
  EXPECT_EQ((co_await other.receive(bytes)).sender.to_string(), "(unnamed)");
}

HOCKET_TEST(unix_datagram_socket, sends_empty_messages) {
  auto [one, other] = unix_datagram_socket::pair();
  co_await one.send("");
  co_await one.send("x");
  std::array<char, 64> bytes{};
  EXPECT_EQ((co_await other.receive(bytes)).size, 0U);
  EXPECT_EQ((co_await other.receive(bytes)).size, 1U);
}

HOCKET_TEST(unix_datagram_socket, sends_to_where_it_was_connected) {
  auto server = unix_datagram_socket::bind(socket_address::unix_path(""));
  auto client = unix_datagram_socket::open();
  co_await client.connect(server.local_address());
  co_await client.send("hello");
  std::array<char, 64> bytes{};
  EXPECT_EQ((co_await server.receive(bytes)).size, 5U);
}

HOCKET_TEST(unix_datagram_socket, a_sender_waits_for_a_queue_that_is_full) {
  auto server = unix_datagram_socket::bind(socket_address::unix_path(""));
  auto client = unix_datagram_socket::open();
  constexpr int many = 600;  // more than net.unix.max_dgram_qlen
  auto send_many = [&]() -> coro<void> {
    for (int n = 0; n < many; ++n) co_await client.send_to(std::to_string(n), server.local_address());
  };
  auto sending = create_task(send_many());
  co_await hocket::sleep(1min);
  EXPECT_FALSE(sending.done());
  std::array<char, 64> bytes{};
  for (int n = 0; n < many; ++n) {
    const auto received = co_await server.receive(bytes);
    EXPECT_EQ(std::string(bytes.data(), received.size), std::to_string(n));
  }
  co_await sending;
}

HOCKET_TEST(unix_datagram_socket, a_connected_sender_waits_too) {
  auto [client, server] = unix_datagram_socket::pair();
  constexpr int many = 600;
  auto send_many = [](unix_datagram_socket& by) -> coro<void> {
    for (int n = 0; n < many; ++n) co_await by.send(std::to_string(n));
  };
  auto sending = create_task(send_many(client));
  co_await wait_all_tasks_blocked();
  EXPECT_FALSE(sending.done());
  std::array<char, 64> bytes{};
  for (int n = 0; n < many; ++n) co_await server.receive(bytes);
  co_await sending;
}

HOCKET_TEST(unix_datagram_socket, sending_to_nobody_is_an_error) {
  const temporary_directory folder;
  auto client = unix_datagram_socket::open();
  EXPECT_EQ(failure_of(co_await as_result(client.send_to("x", in(folder)))).code, std::errc::no_such_file_or_directory);
}

// ---- with others

/// What `command` prints.
std::string output_of(const std::string& command) {
  std::string output;
  std::FILE* const from = ::popen(command.c_str(), "r");
  for (int byte = std::fgetc(from); byte != EOF; byte = std::fgetc(from)) output += static_cast<char>(byte);
  EXPECT_EQ(::pclose(from), 0) << command;
  return output;
}

HOCKET_REAL_TIME_TEST(unix_socket, answers_python) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder));
  auto answering = create_task([](unix_listener& at) -> coro<void> {
    auto peer = co_await at.accept();
    const std::string text(co_await receive_to_end(peer));
    co_await peer.send_all("you said " + text);
  }(listener));
  const std::string script =
      "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b'hello'); "
      "s.shutdown(socket.SHUT_WR); print(s.makefile().read())";
  const std::string command = "python3 -c \"" + script + "\" " + in(folder).to_string();
  EXPECT_EQ(co_await hocket::to_thread([&] { return output_of(command); }), "you said hello\n");
  co_await answering;
}

HOCKET_REAL_TIME_TEST(unix_socket, takes_descriptors_from_python_and_gives_it_some) {
  const temporary_directory folder;
  auto listener = unix_listener::listen(in(folder));
  auto answering = create_task([](unix_listener& at) -> coro<void> {
    auto peer = co_await at.accept();
    std::array<char, 16> bytes{};
    auto received = co_await peer.receive_descriptors(bytes);
    EXPECT_EQ(std::string_view(bytes.data(), received.size), "a pipe");
    EXPECT_EQ(::write(received.descriptors.at(0).number(), "written", 7), 7);
    const std::array back{received.descriptors[0].number()};
    co_await peer.send_descriptors("and back", back);
  }(listener));
  const std::string script =
      "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); r, w = os.pipe(); "
      "socket.send_fds(s, [b'a pipe'], [w]); text, fds, _, _ = socket.recv_fds(s, 100, 5); "
      "os.write(fds[0], b' twice'); print(text.decode(), len(fds), os.read(r, 100).decode())";
  const std::string command = "python3 -c \"" + script + "\" " + in(folder).to_string();
  EXPECT_EQ(co_await hocket::to_thread([&] { return output_of(command); }), "and back 1 written twice\n");
  co_await answering;
}

// ---- whatever happens

coro<void> a_conversation_with_descriptors() {
  auto listener = unix_listener::listen(socket_address::unix_path(""));
  auto serve = [&]() -> coro<void> {
    auto peer = co_await listener.accept();
    std::array<char, 16> bytes{};
    auto received = co_await peer.receive_descriptors(bytes);
    co_await peer.send_all(std::string_view(bytes.data(), received.size));
  };
  auto ask = [&]() -> coro<void> {
    auto client = co_await connect_unix(listener.local_address());
    const std::array own{client.number()};
    co_await client.send_descriptors("myself", own);
    static_cast<void>(co_await client.receive());
  };
  co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
    group.create_task(serve());
    co_await ask();
  });
}

TEST(unix_socket, leaks_no_descriptor_wherever_a_conversation_is_cancelled_or_fails) {
  for (const auto backend : hocket::testing::every_backend()) {
    hocket::run(a_conversation_with_descriptors(), {.backend = backend});
    const std::size_t before = count_open_numbers();
    static_cast<void>(
        hocket::testing::cancel_at_every_suspension(a_conversation_with_descriptors, {.backend = backend}));
    EXPECT_EQ(count_open_numbers(), before);
    static_cast<void>(hocket::testing::fail_each_operation(a_conversation_with_descriptors, {.backend = backend}));
    EXPECT_EQ(count_open_numbers(), before);
    const auto whatever_comes = []() -> coro<void> {
      static_cast<void>(co_await as_result(a_conversation_with_descriptors()));
    };
    static_cast<void>(hocket::testing::fail_each_allocation(whatever_comes, {.backend = backend}));
    EXPECT_EQ(count_open_numbers(), before);
  }
}

}  // namespace
