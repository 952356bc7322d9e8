// Answers every request after a while: slow_server PORT SECONDS
#include <chrono>
#include <cstdlib>

#include <hocket/hocket.hpp>
#include <hocket/http.hpp>

hocket::coro<void> amain(std::uint16_t port, std::chrono::duration<double> pause) {
  hocket::http::server server([pause](hocket::http::request&) -> hocket::coro<hocket::http::reply> {
    co_await hocket::sleep(std::chrono::duration_cast<hocket::duration>(pause));
    co_return hocket::http::reply::text("here\n");
  });
  auto listener = hocket::tcp_listener::listen(*hocket::socket_address::parse("127.0.0.1", port), {.backlog = 20'000});
  co_await server.serve(listener);
}

int main(int, char** argv) {
  hocket::run(amain(static_cast<std::uint16_t>(std::atoi(argv[1])), std::chrono::duration<double>(std::atof(argv[2]))));
}
