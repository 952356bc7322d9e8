// Loads a WebSocket echo server and prints how many messages it sent back: websocket_load PORT CONNECTIONS SIZE SECONDS [greek] [deflate].
//
// Each connection sends a message of SIZE bytes of text, waits for it, and sends the next. What comes back must be what was sent, and compressed
// if that was asked for. The messages are like each other and not the same; their frames are made beforehand, each compressed by itself, which
// a client may always do, so that the server is what is busy.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <zlib.h>

namespace {

constexpr std::size_t questions = 256;
constexpr int window_bits = 12;

struct question {
  std::string text;
  std::string frame;
};

struct client {
  int socket = -1;
  std::size_t asked = 0;
  std::string unread;  // of a frame that has come in part
  std::string answer;
  z_stream inflater{};
};

struct load {
  std::vector<question> asked;
  std::vector<client> clients;
  bool deflates = false;
  int epoll = -1;
  long done = 0;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "websocket_load: %s\n", what);
  std::exit(1);
}

// ---- what is sent

std::string events(std::size_t size, std::mt19937& random) {
  static constexpr std::array users{"anna", "boris", "chiara", "dmitri", "eve", "farid"};
  std::string text;
  while (text.size() < size) {
    std::array<char, 128> event{};
    std::snprintf(event.data(), event.size(), R"({"id":%u,"user":"%s","event":"moved","x":%u,"y":%u},)",
                  static_cast<unsigned>(random() % 100'000), users[random() % users.size()],
                  static_cast<unsigned>(random() % 1920), static_cast<unsigned>(random() % 1080));
    text += event.data();
  }
  text.resize(size);
  return text;
}

std::string greek(std::size_t size, std::mt19937& random) {
  std::string text;
  while (text.size() + 3 <= size) {
    if (random() % 7 == 0) text += ' ';
    const unsigned letter = 0x3B1 + static_cast<unsigned>(random() % 25);
    text += static_cast<char>(0xC0U | letter >> 6U);
    text += static_cast<char>(0x80U | (letter & 0x3FU));
  }
  text.resize(size, ' ');
  return text;
}

std::string deflated(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -window_bits, window_bits - 7, Z_DEFAULT_STRATEGY) != Z_OK)
    fail("no memory");
  std::string packed(deflateBound(&stream, text.size()) + 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_SYNC_FLUSH);
  packed.resize(packed.size() - stream.avail_out - 4);  // RFC 7692, 7.2.1
  deflateEnd(&stream);
  return packed;
}

std::string masked_frame(std::string_view payload, bool is_compressed, std::mt19937& random) {
  std::string frame(1, static_cast<char>(is_compressed ? 0xC1 : 0x81));
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80U | payload.size());
  } else if (payload.size() < 65536) {
    frame += {static_cast<char>(0xFE), static_cast<char>(payload.size() >> 8U), static_cast<char>(payload.size())};
  } else {
    fail("larger messages are not made here");
  }
  std::array<char, 4> mask{};
  for (char& each : mask) each = static_cast<char>(random());
  frame.append(mask.data(), mask.size());
  for (std::size_t at = 0; at < payload.size(); ++at) frame += static_cast<char>(payload[at] ^ mask[at % mask.size()]);
  return frame;
}

void send_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) fail("the server went away");
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// ---- what comes back

void connect(load& all, client& self, const sockaddr_in& server) {
  self.socket = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(self.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(self.socket, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) fail("cannot connect");
  std::string hello =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  if (all.deflates)
    hello += "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_max_window_bits=12\r\n";
  send_all(self.socket, hello + "\r\n");
  std::string head;
  for (char byte = 0; !head.ends_with("\r\n\r\n"); head += byte)
    if (recv(self.socket, &byte, 1, 0) != 1) fail("the server closed instead of shaking hands");
  const auto says = [&head](std::string_view what) { return head.find(what) != std::string::npos; };
  if (!head.starts_with("HTTP/1.1 101")) fail("the server does not speak WebSocket");
  if (says("permessage-deflate") != all.deflates) fail("the server compresses otherwise than asked");
  if (all.deflates && (!says("server_max_window_bits=12") || !says("client_max_window_bits=12") || says("takeover")))
    fail("the server compresses by another window");
  if (inflateInit2(&self.inflater, -window_bits) != Z_OK) fail("no memory");
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &self}};
  epoll_ctl(all.epoll, EPOLL_CTL_ADD, self.socket, &event);
}

void inflate_some(client& self, std::string_view packed, std::string& text) {
  self.inflater.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  self.inflater.avail_in = static_cast<uInt>(packed.size());
  std::array<char, 32 * 1024> some;
  do {
    self.inflater.next_out = reinterpret_cast<Bytef*>(some.data());
    self.inflater.avail_out = static_cast<uInt>(some.size());
    const int answer = inflate(&self.inflater, Z_SYNC_FLUSH);
    if (answer != Z_OK && answer != Z_BUF_ERROR) fail("the server sent what cannot be inflated");
    text.append(some.data(), some.size() - self.inflater.avail_out);
  } while (self.inflater.avail_out == 0);
}

void check(load& all, client& self) {
  std::string text;
  if (all.deflates) {
    inflate_some(self, self.answer, text);
    inflate_some(self, std::string_view("\0\0\xFF\xFF", 4), text);
  }
  if ((all.deflates ? text : self.answer) != all.asked[self.asked % questions].text)
    fail("the server sent back something else");
  self.answer.clear();
}

void ask(load& all, client& self) { send_all(self.socket, all.asked[++self.asked % questions].frame); }

// Takes one frame from the front of `bytes`. False: it is not all there. `ends`: that was the end of a message.
bool take_frame(load& all, client& self, std::string_view& bytes, bool& ends) {
  const auto byte = [&bytes](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.size() < 2) return false;
  std::size_t size = byte(1);
  std::size_t head = 2;
  if (size > 126) fail("the server sent a frame that is masked, or larger than the message");
  if (size == 126) {
    if (bytes.size() < 4) return false;
    size = byte(2) * 256U + byte(3);
    head = 4;
  }
  if (bytes.size() < head + size) return false;
  if ((byte(0) & 0x0FU) > 1) fail("the server sent another frame than of text");
  const bool begins = (byte(0) & 0x0FU) == 1;
  if (begins && ((byte(0) & 0x40U) != 0) != all.deflates) fail("the server sent a message that is not compressed");
  self.answer += bytes.substr(head, size);
  ends = (byte(0) & 0x80U) != 0;
  bytes.remove_prefix(head + size);
  return true;
}

void receive(load& all, client& self) {
  static std::array<char, 64 * 1024> memory;
  const ssize_t got = recv(self.socket, memory.data(), memory.size(), MSG_DONTWAIT);
  if (got <= 0) fail("the server closed");
  std::string_view bytes(memory.data(), static_cast<std::size_t>(got));
  if (!self.unread.empty()) bytes = self.unread += bytes;
  bool ends = false;
  while (!ends && take_frame(all, self, bytes, ends)) {
  }
  if (ends && !bytes.empty()) fail("the server sent more than it was asked for");
  self.unread = std::string(bytes);
  if (!ends) return;
  check(all, self);
  ++all.done;
  ask(all, self);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string_view> words(arguments, arguments + count);
  if (count < 5)
    return std::fputs("usage: websocket_load PORT CONNECTIONS SIZE SECONDS [greek] [deflate]\n", stderr), 2;
  const auto size = static_cast<std::size_t>(std::atol(arguments[3]));
  load all;
  all.deflates = std::ranges::count(words, "deflate") > 0;
  std::mt19937 random;  // the same messages each time
  for (std::size_t n = 0; n < questions; ++n) {
    std::string text = std::ranges::count(words, "greek") > 0 ? greek(size, random) : events(size, random);
    std::string frame = masked_frame(all.deflates ? deflated(text) : text, all.deflates, random);
    all.asked.push_back({std::move(text), std::move(frame)});
  }
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  all.epoll = epoll_create1(0);
  all.clients.resize(static_cast<std::size_t>(std::atoi(arguments[2])));
  for (client& each : all.clients) connect(all, each, server);
  for (client& each : all.clients) ask(all, each);

  const auto begun = std::chrono::steady_clock::now();
  const auto end = begun + std::chrono::duration<double>(std::atof(arguments[4]));
  std::vector<epoll_event> events(all.clients.size());
  while (std::chrono::steady_clock::now() < end) {
    const int ready = epoll_wait(all.epoll, events.data(), static_cast<int>(events.size()), 10'000);
    if (ready == 0) fail("the server does not answer");
    for (int i = 0; i < ready; ++i) receive(all, *static_cast<client*>(events[static_cast<std::size_t>(i)].data.ptr));
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("messages %ld seconds %.3f\n", all.done, took.count());
}
