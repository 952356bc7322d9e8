// Uses <hocket/redis.hpp> alone: prints "refused", for nobody listens there.
#include <cstdio>
#include <string>

#include <hocket/core/run.hpp>
#include <hocket/redis.hpp>

hocket::coro<std::string> amain() {
  hocket::redis::client store({.unix_socket = "/nobody/listens.here", .connect_attempts = 1});
  try {
    co_return (co_await store.get("key")).value_or("nothing");
  } catch (const hocket::redis::connection_lost&) {
    co_return "refused";
  }
}

int main() { std::puts(hocket::run(amain()).c_str()); }
