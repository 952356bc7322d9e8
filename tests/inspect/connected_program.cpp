// Listens at three kinds of addresses, with one connection each that is waited for at both ends. Says "ready" and, in further lines, where it
// listens and from where each was connected.

#include <cstdio>
#include <string>

#include <fmt/format.h>

#include <hocket/core/run.hpp>
#include <hocket/core/task_group.hpp>
#include <hocket/io/tcp.hpp>
#include <hocket/io/unix_socket.hpp>
#include <hocket/testing/blocked.hpp>

namespace {

using hocket::socket_address;

template <class Socket>
hocket::coro<void> receive(Socket from) {
  co_await from.receive();
}

template <class Listener>
hocket::coro<void> accept(Listener& at) {
  co_await at.accept();
}

hocket::coro<hocket::tcp_socket> connect_to(const hocket::tcp_listener&, socket_address address) {
  co_return co_await hocket::tcp_socket::connect(address);
}
hocket::coro<hocket::unix_socket> connect_to(const hocket::unix_listener&, socket_address address) {
  co_return co_await hocket::connect_unix(address);
}

template <class Listener>
hocket::coro<std::string> connect(hocket::task_group& group, Listener& listener, const std::string& kind) {
  const socket_address address = listener.local_address();
  auto client = co_await connect_to(listener, address);
  auto server = co_await listener.accept();
  const std::string line = fmt::format("{} {}", address.to_string(), client.local_address().to_string());
  group.create_task(receive(std::move(client)), {.name = kind + " client"});
  group.create_task(receive(std::move(server)), {.name = kind + " server"});
  group.create_task(accept(listener), {.name = kind + " listener"});
  co_return line;
}

hocket::coro<void> connect_all() {
  auto four = hocket::tcp_listener::listen(*socket_address::parse("127.0.0.1", 0));
  auto six = hocket::tcp_listener::listen(*socket_address::parse("::", 0), {.dual_stack = true});
  auto local = hocket::unix_listener::listen(socket_address::unix_path({}));
  co_await hocket::with_task_group([&](hocket::task_group& group) -> hocket::coro<void> {
    std::string lines = co_await connect(group, four, "IPv4") + "\n";
    lines += co_await connect(group, local, "unix") + "\n";
    const auto mapped = socket_address::parse("127.0.0.1", six.local_address().port());
    auto client = co_await hocket::tcp_socket::connect(*mapped);
    auto server = co_await six.accept();
    lines += fmt::format("{} {}\n", mapped->to_string(), client.local_address().to_string());
    group.create_task(receive(std::move(server)), {.name = "mapped server"});
    group.create_task(receive(std::move(client)), {.name = "mapped client"});
    co_await hocket::testing::wait_all_tasks_blocked();
    hocket::loop::running().call_soon([lines] {  // when this waits
      fmt::print("ready\n{}", lines);
      std::fflush(stdout);
    });
  });
}

}  // namespace

int main() { hocket::run(connect_all()); }
