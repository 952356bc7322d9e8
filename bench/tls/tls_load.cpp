// Loads a TLS echo server and prints how many operations it answered: tls_load PORT MODE CONNECTIONS SIZE SECONDS.
// MODE echo: each connection sends SIZE bytes, waits for them, and begins again. MODE full and resumed: each connection shakes
// hands, exchanges SIZE bytes, closes and begins again; resumed with the session of the one before.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct load {
  sockaddr_in server{};
  SSL_CTX* context = nullptr;
  int epoll = -1;
  std::string question;
  bool reconnects = false;
  bool resumes = false;
  long done = 0;
  long reused = 0;
};

struct client {
  int socket = -1;
  SSL* ssl = nullptr;
  SSL_SESSION* session = nullptr;
  std::size_t unsent = 0;
  std::size_t awaited = 0;
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "tls_load: %s\n", what);
  std::exit(1);
}

void ask(load& all, client& self) { self.unsent = self.awaited = all.question.size(); }

void connect(load& all, client& self) {
  self.socket = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(self.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const linger at_once{.l_onoff = 1, .l_linger = 0};  // so that no port stays in TIME_WAIT
  setsockopt(self.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  if (::connect(self.socket, reinterpret_cast<const sockaddr*>(&all.server), sizeof all.server) != 0)
    fail("cannot connect");
  self.ssl = SSL_new(all.context);
  SSL_set_app_data(self.ssl, reinterpret_cast<char*>(&self));
  SSL_set_fd(self.ssl, self.socket);
  SSL_set_connect_state(self.ssl);
  if (all.resumes && self.session != nullptr) SSL_set_session(self.ssl, self.session);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = &self}};
  epoll_ctl(all.epoll, EPOLL_CTL_ADD, self.socket, &event);
  ask(all, self);
}

// The socket blocks, but a step is taken only when there are bytes or there is room for a question, which is small.
void step(load& all, client& self) {
  if (SSL_in_init(self.ssl) != 0 && SSL_do_handshake(self.ssl) != 1) fail("the handshake failed");
  std::vector<char> answer(16 * 1024);
  if (self.unsent > 0) {
    if (SSL_write(self.ssl, all.question.data(), static_cast<int>(self.unsent)) <= 0) fail("the server went away");
    self.unsent = 0;
  }
  while (self.awaited > 0) {
    const int got = SSL_read(self.ssl, answer.data(), static_cast<int>(std::min(answer.size(), self.awaited)));
    if (got <= 0) fail("the server closed");
    self.awaited -= static_cast<std::size_t>(got);
  }
}

// Sends the next question without waiting for its answer.
void begin(load& all, client& self) {
  if (all.reconnects) {
    all.reused += SSL_session_reused(self.ssl);
    SSL_shutdown(self.ssl);
    SSL_free(self.ssl);
    close(self.socket);
    connect(all, self);
    SSL_do_handshake(self.ssl);
  } else {
    ask(all, self);
  }
  if (SSL_write(self.ssl, all.question.data(), static_cast<int>(self.unsent)) <= 0) fail("the server went away");
  self.unsent = 0;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto& self = *reinterpret_cast<client*>(SSL_get_app_data(ssl));
  SSL_SESSION_free(self.session);
  self.session = session;
  return 1;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) return std::fputs("usage: tls_load PORT echo|full|resumed CONNECTIONS SIZE SECONDS\n", stderr), 2;
  const std::string_view mode = arguments[2];
  load all;
  all.server.sin_family = AF_INET;
  all.server.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])));
  all.server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  all.context = SSL_CTX_new(TLS_client_method());
  all.epoll = epoll_create1(0);
  all.reconnects = mode != "echo";
  all.resumes = mode == "resumed";
  all.question.assign(static_cast<std::size_t>(std::atol(arguments[4])), 'x');
  SSL_CTX_set_session_cache_mode(all.context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  if (all.resumes) SSL_CTX_sess_set_new_cb(all.context, keep_session);

  std::vector<client> clients(static_cast<std::size_t>(std::atoi(arguments[3])));
  for (client& each : clients) {
    connect(all, each);
    step(all, each);
    begin(all, each);
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto end = begun + std::chrono::duration<double>(std::atof(arguments[5]));
  std::vector<epoll_event> events(clients.size());
  while (std::chrono::steady_clock::now() < end) {
    const int ready = epoll_wait(all.epoll, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < ready; ++i) {
      auto& self = *static_cast<client*>(events[static_cast<std::size_t>(i)].data.ptr);
      step(all, self);
      ++all.done;
      begin(all, self);
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  std::printf("operations %ld seconds %.3f reused %ld\n", all.done, took.count(), all.reused);
}
