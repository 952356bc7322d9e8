#include <memory>
#include <string>

#include <fcntl.h>
#include <io/protocol_recorder.hpp>

#include <hocket/core/sleep.hpp>
#include <hocket/io/create_connection.hpp>
#include <hocket/io/pipe.hpp>
#include <hocket/testing/test.hpp>

using namespace std::chrono_literals;
using hocket::byte_stream;
using hocket::coro;
using hocket::make_pipe;
using hocket::testing::protocol_recorder;

namespace {

constexpr auto make_recorder = [] { return std::make_shared<protocol_recorder>(); };

/// Until `said`, within so many turns.
coro<std::string> trace_of(const protocol_recorder& told, std::string_view said) {
  for (int turn = 0; turn < 1000 && !told.trace.ends_with(said); ++turn) co_await hocket::sleep(0s);
  co_return told.trace;
}

}  // namespace

HOCKET_TEST(pipe_transport, tells_its_protocol_what_comes_out_and_of_the_end) {
  auto [reader, writer] = make_pipe();
  auto [transport, protocol] = hocket::connect_read_pipe(make_recorder, std::move(reader));
  co_await writer.send_all("words");
  EXPECT_EQ(co_await trace_of(*protocol, "words"), "made words");
  co_await writer.close();
  EXPECT_EQ(co_await trace_of(*protocol, "lost"), "made words eof lost");
}

HOCKET_TEST(pipe_transport, writes_all_before_it_is_closed) {
  auto [reader, writer] = make_pipe();
  auto [transport, protocol] = hocket::connect_write_pipe(make_recorder, std::move(writer));
  const std::string all(300'000, 'w');
  transport.write(all);
  transport.close();
  std::string came;
  while (auto piece = co_await reader.receive()) came += piece.text();
  EXPECT_EQ(came, all);
  EXPECT_TRUE((co_await trace_of(*protocol, "lost")).ends_with("lost")) << protocol->trace;
}

HOCKET_TEST(pipe_transport, tells_its_protocol_when_to_pause_writing_and_when_to_go_on) {
  auto [reader, writer] = make_pipe();
  auto [transport, protocol] = hocket::connect_write_pipe(make_recorder, std::move(writer));
  transport.write(std::string(300'000, 'w'));
  EXPECT_EQ(protocol->trace, "made pause");
  std::size_t count = 0;
  while (count < 300'000) count += (co_await reader.receive()).size();
  EXPECT_EQ(co_await trace_of(*protocol, "resume"), "made pause resume");
}

HOCKET_TEST(pipe_transport, is_lost_when_nobody_reads_any_more_though_nothing_is_written) {
  auto [reader, writer] = make_pipe();
  auto [transport, protocol] = hocket::connect_write_pipe(make_recorder, std::move(writer));
  for (int turn = 0; turn < 10; ++turn) co_await hocket::sleep(0s);
  EXPECT_EQ(protocol->trace, "made");
  reader.abort();
  EXPECT_EQ(co_await trace_of(*protocol, "lost"), "made lost");
}

HOCKET_TEST(pipe_transport, is_lost_by_an_error_if_something_is_left_that_nobody_reads) {
  auto [reader, writer] = make_pipe();
  auto [transport, protocol] = hocket::connect_write_pipe(make_recorder, std::move(writer));
  transport.write(std::string(300'000, 'w'));
  for (int turn = 0; turn < 10; ++turn) co_await hocket::sleep(0s);
  reader.abort();
  EXPECT_EQ(co_await trace_of(*protocol, "pipe"), "made pause lost: Broken pipe");
}

HOCKET_TEST(pipe_transport, to_what_has_no_reader_that_could_go_stays_until_it_is_closed) {
  byte_stream nowhere{hocket::io_handle(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
  auto [transport, protocol] = hocket::connect_write_pipe(make_recorder, std::move(nowhere));
  for (int turn = 0; turn < 10; ++turn) co_await hocket::sleep(0s);
  EXPECT_EQ(protocol->trace, "made");
  transport.write("words");
  transport.close();
  EXPECT_EQ(co_await trace_of(*protocol, "lost"), "made lost");
}

HOCKET_TEST(pipe_transport, that_is_aborted_is_lost_without_an_error) {
  auto [reader, writer] = make_pipe();
  auto [transport, protocol] = hocket::connect_write_pipe(make_recorder, std::move(writer));
  transport.write(std::string(300'000, 'w'));
  transport.abort();
  EXPECT_EQ(co_await trace_of(*protocol, "lost"), "made pause lost");
}
