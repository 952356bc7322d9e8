#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <io/connected_sockets.hpp>
#include <io/failing_operations.hpp>
#include <io/open_numbers.hpp>
#include <io/temporary_directory.hpp>
#include <io/what_is_thrown.hpp>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/core/timeout.hpp>
#include <hocket/io/send_file.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/testing/cancel_everywhere.hpp>
#include <hocket/testing/every_backend.hpp>
#include <hocket/testing/fail_each_operation.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/test.hpp>

using hocket::byte_stream;
using hocket::coro;
using hocket::create_task;
using hocket::file;
using hocket::send_file;
using hocket::testing::connect_on_loopback;
using hocket::testing::count_open_numbers;
using hocket::testing::ends_cancelled;
using hocket::testing::every_backend;
using hocket::testing::failing_operations;
using hocket::testing::receive_to_end;
using hocket::testing::temporary_directory;
using hocket::testing::what_is_thrown;
using hocket::testing::write_file;

namespace {

struct both_ends {
  byte_stream near;
  byte_stream far;
};

coro<both_ends> connect() {
  auto sockets = co_await connect_on_loopback();
  co_return both_ends{byte_stream(std::move(sockets.client)), byte_stream(std::move(sockets.server))};
}

both_ends connect_in_memory() {
  auto [client, server] = hocket::testing::memory_streams();
  return {std::move(client), std::move(server)};
}

std::string numbered(int count) {
  std::string text;
  for (int n = 0; n < count; ++n) text += std::to_string(n) + ",";
  return text;
}

coro<std::uint64_t> send_and_close(file& from, byte_stream& to, hocket::send_file_options options = {}) {
  const std::uint64_t sent = co_await send_file(from, to, options);
  co_await to.close();
  co_return sent;
}

coro<void> sends_all(both_ends ends) {
  const temporary_directory folder;
  const std::string text = numbered(700'000);  // more than any buffer holds
  write_file(folder / "a", text);
  auto opened = co_await file::open(folder / "a");
  const auto [sent, received] = co_await hocket::gather(send_and_close(opened, ends.near), receive_to_end(ends.far));
  EXPECT_EQ(sent, text.size());
  EXPECT_TRUE(received == text);
  EXPECT_EQ(opened.seek(0, SEEK_CUR), 0);
}

HOCKET_TEST(send_file, sends_all_of_it_to_a_socket) { co_await sends_all(co_await connect()); }
HOCKET_TEST(send_file, sends_all_of_it_through_a_layer) { co_await sends_all(connect_in_memory()); }

coro<void> sends_a_part(both_ends ends) {
  const temporary_directory folder;
  write_file(folder / "a", "0123456789");
  auto opened = co_await file::open(folder / "a");
  std::uint64_t told = 99;
  EXPECT_EQ(co_await send_file(opened, ends.near, {.offset = 3, .length = 4}), 4U);
  EXPECT_EQ(co_await send_file(opened, ends.near, {.offset = 8}), 2U);
  EXPECT_EQ(co_await send_file(opened, ends.near, {.offset = 20, .sent_bytes = &told}), 0U);
  EXPECT_EQ(told, 0U);
  co_await ends.near.close();
  EXPECT_EQ(co_await receive_to_end(ends.far), "345689");
}

HOCKET_TEST(send_file, sends_a_part_of_it_to_a_socket) { co_await sends_a_part(co_await connect()); }
HOCKET_TEST(send_file, sends_a_part_of_it_through_a_layer) { co_await sends_a_part(connect_in_memory()); }

coro<void> says_how_far_it_came(both_ends ends) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(100, 'x'));
  auto opened = co_await file::open(folder / "a");
  std::uint64_t sent = 0;
  EXPECT_EQ(co_await what_is_thrown(send_file(opened, ends.near, {.length = 1000, .sent_bytes = &sent})),
            "'" + folder / "a" + "' became shorter while it was sent: 100 of 1000 bytes");
  EXPECT_EQ(sent, 100U);
}

HOCKET_TEST(send_file, of_a_file_that_is_shorter_says_how_much_was_sent) {
  co_await says_how_far_it_came(co_await connect());
}
HOCKET_TEST(send_file, of_a_file_that_is_shorter_says_how_much_was_sent_through_a_layer) {
  co_await says_how_far_it_came(connect_in_memory());
}

HOCKET_TEST(send_file, of_a_file_that_shrinks_meanwhile_ends_with_an_error_and_what_was_sent_arrives) {
  const temporary_directory folder;
  const std::string text = numbered(3'000'000);
  write_file(folder / "a", text);
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  std::uint64_t sent = 0;
  auto sending = create_task(send_file(opened, ends.near, {.sent_bytes = &sent}));
  co_await hocket::testing::wait_all_tasks_blocked();  // the peer reads nothing
  std::filesystem::resize_file(folder / "a", 0);
  auto receiving = create_task(receive_to_end(ends.far));
  const auto outcome = co_await hocket::as_result(std::move(sending));
  EXPECT_FALSE(outcome);
  ends.near.abort();
  const std::string received = co_await std::move(receiving);
  EXPECT_EQ(received.size(), sent);
  EXPECT_LT(sent, text.size());
}

HOCKET_TEST(send_file, of_what_cannot_be_spliced_reads_it) {
  auto opened = co_await file::open("/proc/self/status");
  auto ends = co_await connect();
  EXPECT_EQ(co_await send_file(opened, ends.near, {.length = 5}), 5U);
  co_await ends.near.close();
  EXPECT_EQ(co_await receive_to_end(ends.far), "Name:");
}

HOCKET_TEST(send_file, to_a_peer_who_is_gone_is_an_error_and_no_signal) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(10'000'000, 'x'));
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  ends.far.abort();
  const std::string error = co_await what_is_thrown(send_file(opened, ends.near));
  EXPECT_TRUE(error.starts_with("send: ")) << error;
  EXPECT_EQ(co_await what_is_thrown(send_file(opened, ends.near)), "send: Broken pipe");
}

HOCKET_TEST(send_file, that_waits_for_the_peer_can_be_cancelled) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(20'000'000, 'x'));
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  const std::size_t before = count_open_numbers();
  auto sending = create_task(send_file(opened, ends.near));
  co_await hocket::testing::wait_all_tasks_blocked();
  sending.cancel();
  EXPECT_TRUE(co_await ends_cancelled(sending));
  EXPECT_EQ(count_open_numbers(), before);
}

std::size_t count_threads() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/task"), std::filesystem::directory_iterator()));
}

HOCKET_TEST(send_file, to_many_who_do_not_read_takes_no_thread_for_each) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(10'000'000, 'x'));
  std::vector<both_ends> ends;
  std::vector<file> files;
  std::vector<hocket::task<std::uint64_t>> sending;
  for (int n = 0; n < 50; ++n) {
    ends.push_back(co_await connect());
    files.push_back(co_await file::open(folder / "a"));
  }
  for (std::size_t n = 0; n < ends.size(); ++n) sending.push_back(create_task(send_file(files[n], ends[n].near)));
  co_await hocket::testing::wait_all_tasks_blocked();
  // The pool has four more than there are processors, and the kernel makes up to four for each, which read files.
  EXPECT_LT(count_threads(), 10U + 5U * std::max(4U, std::thread::hardware_concurrency()));
  for (auto& each : sending) EXPECT_TRUE(co_await hocket::testing::cancelling_ends(each));
}

HOCKET_TEST(send_file, ends_when_its_stream_is_aborted) {
  const temporary_directory folder;
  write_file(folder / "a", std::string(20'000'000, 'x'));
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  auto sending = create_task(send_file(opened, ends.near));
  co_await hocket::testing::wait_all_tasks_blocked();
  ends.near.abort();
  EXPECT_EQ(co_await what_is_thrown(std::move(sending)), "send: Operation canceled");
}

HOCKET_TEST(send_file, names_the_file_that_cannot_be_read) {
  const temporary_directory folder;
  write_file(folder / "a", "text");
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  const failing_operations broken(hocket::io_op::splice, EIO);
  EXPECT_EQ(co_await what_is_thrown(send_file(opened, ends.near)),
            "cannot read '" + folder / "a" + "': Input/output error");
}

constexpr std::size_t one_piece = 150'000;  // which the socket takes at once
constexpr std::size_t several_pieces = 600'000;

coro<void> exchange(const temporary_directory& folder) {
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  EXPECT_EQ(co_await send_file(opened, ends.near), one_piece);
  co_await ends.near.close();
  EXPECT_EQ((co_await receive_to_end(ends.far)).size(), one_piece);
}

coro<void> exchange_pieces(const temporary_directory& folder) {
  auto opened = co_await file::open(folder / "a");
  auto ends = co_await connect();
  const auto receive = [&]() -> coro<void> { EXPECT_EQ((co_await receive_to_end(ends.far)).size(), several_pieces); };
  co_await hocket::with_task_group([&](hocket::task_group& group) -> coro<void> {
    group.create_task(receive());
    EXPECT_EQ(co_await send_file(opened, ends.near), several_pieces);
    co_await ends.near.close();
  });
}

TEST(send_file, cancelled_anywhere_it_leaves_nothing_open) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    write_file(folder / "a", std::string(several_pieces, 'x'));
    const std::size_t before = count_open_numbers();
    const auto report = hocket::testing::cancel_at_every_suspension(
        [&]() -> coro<void> { co_await exchange_pieces(folder); }, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.runs, 5U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

TEST(send_file, of_which_anything_fails_it_leaves_nothing_open) {
  for (const auto backend : every_backend()) {
    const temporary_directory folder;
    write_file(folder / "a", std::string(one_piece, 'x'));
    const std::size_t before = count_open_numbers();
    const auto report =
        hocket::testing::fail_each_operation([&]() -> coro<void> { co_await exchange(folder); }, {.backend = backend});
    EXPECT_EQ(report.leaked_blocks, 0U);
    EXPECT_GT(report.failed, 30U);
    EXPECT_EQ(count_open_numbers(), before);
  }
}

}  // namespace
