// Python's asyncio, whose streams and datagrams ours are modelled on, as a client and as a server: see the scripts beside.

#include <string>
#include <vector>

#include <peers/certificate_files.hpp>
#include <peers/peer_test.hpp>

#include <hocket/core/gather.hpp>
#include <hocket/io/open_connection.hpp>
#include <hocket/io/start_server.hpp>
#include <hocket/io/udp_socket.hpp>
#include <hocket/tls/tls_layer.hpp>

using hocket::coro;
using hocket::open_connection;
using hocket::start_server_options;
using hocket::stream_reader;
using hocket::stream_writer;
using hocket::tls_context;
using hocket::testing::certificate_files;
using hocket::testing::peer_outcome;
using hocket::testing::peer_process;
using hocket::testing::port_at_end_of;
using hocket::testing::run_peer;

namespace {

std::vector<std::string> python(const std::string& script, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {HOCKET_PYTHON, HOCKET_PEER_SCRIPTS "/" + script});
  return arguments;
}

std::string big_piece() {
  std::string all;
  for (int n = 0; n < 8192; ++n)
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  return all;
}

/// The side of the protocol that `answer` of streams_peer.py has.
coro<void> answer(stream_reader& reader, stream_writer& writer) {
  EXPECT_EQ(co_await reader.readline(), "hello\n");
  writer.write("hello to you\n");
  EXPECT_EQ(co_await reader.readexactly(5), "five!");
  writer.write("!evif");
  EXPECT_EQ(co_await reader.readuntil(";"), "up to here;");
  EXPECT_EQ(co_await reader.readexactly(4), "rest");
  writer.write("up to there;");
  const std::string piece = big_piece();
  writer.write(piece);
  EXPECT_TRUE(co_await reader.readexactly(piece.size()) == piece);
  co_await writer.drain();
  EXPECT_EQ(co_await reader.readline(), "the end\n");
  writer.write("rest");
  EXPECT_EQ(co_await reader.read(), "");
  EXPECT_TRUE(reader.at_eof());
}

/// That of its `converse`.
coro<void> converse(stream_reader& reader, stream_writer& writer) {
  writer.write("hello\n");
  EXPECT_EQ(co_await reader.readline(), "hello to you\n");
  writer.write("five!");
  EXPECT_EQ(co_await reader.readexactly(5), "!evif");
  writer.write("up to here;rest");
  EXPECT_EQ(co_await reader.readuntil(";"), "up to there;");
  const std::string piece = big_piece();
  writer.write(piece);
  EXPECT_TRUE(co_await reader.readexactly(piece.size()) == piece);
  co_await writer.drain();
  writer.write("the end\n");
  // Over TLS asyncio closes when it sees our end, whatever it has still to say.
  if (writer.find_layer<hocket::tls_layer>() == nullptr) writer.write_eof();
  EXPECT_EQ(co_await reader.read(), "rest");
  EXPECT_TRUE(reader.at_eof());
  writer.close();
  co_await writer.wait_closed();
}

/// What becomes of the script's client, which this handler serves.
coro<peer_outcome> client_of(hocket::stream_handler handler, std::string kind, std::vector<std::string> more = {},
                             start_server_options options = {}) {
  auto server = co_await hocket::start_server(std::move(handler), "127.0.0.1", 0, std::move(options));
  more.insert(more.begin(), {std::move(kind), std::to_string(server.addresses().front().port())});
  peer_outcome result = co_await run_peer(python("streams_peer.py", std::move(more)));
  server.close();
  co_await server.wait_closed();
  co_return result;
}

void expect_success(const peer_outcome& result) { EXPECT_EQ(result.status, 0) << result.err; }

coro<void> expect_success(peer_process& program) {
  const int status = co_await program.ended();
  EXPECT_EQ(status, 0) << co_await program.err().read();
}

coro<std::uint16_t> port_of(peer_process& server) { co_return port_at_end_of(co_await server.out().readline()); }

tls_context server_context(certificate_files& files) {
  return tls_context::server({.identities = {files.issue().identity()}});
}

tls_context client_context(const certificate_files& files) { return tls_context::client({.cafile = files.cafile()}); }

}  // namespace

HOCKET_PEER_TEST(python_streams, of_a_client_talk_to_our_server) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  expect_success(co_await client_of(
      [](stream_reader reader, stream_writer writer) -> coro<void> { co_await answer(reader, writer); }, "client"));
}

HOCKET_PEER_TEST(python_streams, of_a_server_talk_to_our_client) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  peer_process server(python("streams_peer.py", {"server"}));

  auto [reader, writer] = co_await open_connection("127.0.0.1", co_await port_of(server));
  co_await converse(reader, writer);
  co_await expect_success(server);
}

HOCKET_PEER_TEST(python_streams, of_a_client_talk_to_our_server_over_tls) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  certificate_files files;
  expect_success(co_await client_of(
      [](stream_reader reader, stream_writer writer) -> coro<void> { co_await answer(reader, writer); }, "client",
      {files.cafile()}, {.tls = server_context(files)}));
}

HOCKET_PEER_TEST(python_streams, of_a_server_talk_to_our_client_over_tls) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  certificate_files files;
  const auto identity = files.issue();
  peer_process server(python("streams_peer.py", {"server", identity.certificate, identity.key}));

  auto [reader, writer] = co_await open_connection("127.0.0.1", co_await port_of(server),
                                                   {.tls = client_context(files), .server_hostname = "localhost"});
  co_await converse(reader, writer);
  co_await expect_success(server);
}

HOCKET_PEER_TEST(python_streams, of_a_client_become_secure_in_the_middle) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  certificate_files files;
  const auto upgrade = [context = server_context(files)](stream_reader reader, stream_writer writer) -> coro<void> {
    EXPECT_EQ(co_await reader.readline(), "STARTTLS\n");
    writer.write("go ahead\n");
    co_await writer.start_tls(context);
    co_await answer(reader, writer);
  };

  expect_success(co_await client_of(upgrade, "upgrading_client", {files.cafile()}));
}

HOCKET_PEER_TEST(python_streams, of_a_server_become_secure_in_the_middle) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  certificate_files files;
  const auto identity = files.issue();
  peer_process server(python("streams_peer.py", {"upgrading_server", identity.certificate, identity.key}));

  auto [reader, writer] = co_await open_connection("127.0.0.1", co_await port_of(server));
  writer.write("STARTTLS\n");
  EXPECT_EQ(co_await reader.readline(), "go ahead\n");
  co_await writer.start_tls(client_context(files), {.server_hostname = "localhost"});
  co_await converse(reader, writer);
  co_await expect_success(server);
}

HOCKET_PEER_TEST(python_datagrams, of_a_client_come_back_from_our_socket) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  auto socket = hocket::udp_socket::bind(hocket::socket_address::parse("127.0.0.1", 0).value());
  peer_process client(python("datagrams_peer.py", {"client", std::to_string(socket.local_address().port())}));

  std::string room(65536, '\0');
  for (const std::size_t size : {1U, 100U, 1472U, 9000U, 65507U}) {
    const auto received = co_await socket.receive_from(room);
    EXPECT_EQ(received.size, size);
    co_await socket.send_to(std::string_view(room).substr(0, received.size), received.sender);
  }
  co_await expect_success(client);
}

HOCKET_PEER_TEST(python_datagrams, of_a_server_come_back_to_our_socket) {
  HOCKET_NEEDS(HOCKET_PYTHON);
  peer_process server(python("datagrams_peer.py", {"server"}));
  auto socket = co_await hocket::connect_udp("127.0.0.1", co_await port_of(server));

  std::string room(65536, '\0');
  for (const std::size_t size : {1U, 100U, 1472U, 9000U, 65507U, 3U}) {
    const std::string sent = size == 3 ? "end" : std::string(size, static_cast<char>('a' + size % 26));
    co_await socket.send(sent);
    const auto received = co_await socket.receive_from(room);
    EXPECT_TRUE(std::string_view(room).substr(0, received.size) == sent) << size;
  }
  co_await expect_success(server);
}
