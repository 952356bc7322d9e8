// The floor of echo_tls: OpenSSL on epoll by hand, with nothing that a library owes its users (no limits of time, no cancellation,
// no errors told): tls_floor PORT CERTIFICATE KEY [--ktls].

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct client {
  int socket;
  SSL* ssl;
  bool waits_to_write = false;
  std::size_t unsent = 0;  // of what stands in `bytes`
  std::array<char, 16 * 1024> bytes;
};

int listen_at(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{.sin_family = AF_INET,
                      .sin_port = htons(static_cast<std::uint16_t>(port)),
                      .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)},
                      .sin_zero = {}};
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 4096) != 0) {
    std::perror("tls_floor");
    std::exit(1);
  }
  return listener;
}

void drop(client* peer, bool in_order) {
  if (in_order) SSL_shutdown(peer->ssl);
  SSL_free(peer->ssl);
  close(peer->socket);
  delete peer;
}

void wait_to_write(int epoll, client* peer, bool on) {
  if (peer->waits_to_write == on) return;
  peer->waits_to_write = on;
  epoll_event event{.events = on ? EPOLLOUT : EPOLLIN, .data = {.ptr = peer}};
  epoll_ctl(epoll, EPOLL_CTL_MOD, peer->socket, &event);
}

// Echoes until OpenSSL wants to wait.
void serve(int epoll, client* peer) {
  for (;;) {
    int done = 0;
    if (peer->unsent > 0) {
      done = SSL_write(peer->ssl, peer->bytes.data(), static_cast<int>(peer->unsent));
      if (done > 0) peer->unsent = 0;
    } else {
      done = SSL_read(peer->ssl, peer->bytes.data(), static_cast<int>(peer->bytes.size()));
      if (done > 0) peer->unsent = static_cast<std::size_t>(done);
    }
    if (done > 0) continue;
    switch (SSL_get_error(peer->ssl, done)) {
      case SSL_ERROR_WANT_READ:
        return wait_to_write(epoll, peer, false);
      case SSL_ERROR_WANT_WRITE:
        return wait_to_write(epoll, peer, true);
      case SSL_ERROR_ZERO_RETURN:
        return drop(peer, true);
      default:
        return drop(peer, false);
    }
  }
}

void accept_all(int epoll, int listener, SSL_CTX* context) {
  for (;;) {
    const int socket = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto* peer = new client{.socket = socket, .ssl = SSL_new(context)};
    SSL_set_fd(peer->ssl, socket);
    SSL_set_accept_state(peer->ssl);
    epoll_event event{.events = EPOLLIN, .data = {.ptr = peer}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) return std::fputs("usage: tls_floor PORT CERTIFICATE KEY [--ktls]\n", stderr), 2;
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, arguments[2]) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, arguments[3], SSL_FILETYPE_PEM) != 1)
    return std::fputs("tls_floor: cannot use the certificate or its key\n", stderr), 1;
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("floor"), 5);
  if (count > 4 && std::string_view(arguments[4]) == "--ktls") SSL_CTX_set_options(context, SSL_OP_ENABLE_KTLS);

  const int listener = listen_at(std::atoi(arguments[1]));
  const int epoll = epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  std::vector<epoll_event> events(512);
  for (;;) {
    const int ready = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      auto* peer = static_cast<client*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (peer == nullptr)
        accept_all(epoll, listener, context);
      else
        serve(epoll, peer);
    }
  }
}
