// Uses <hocket/dns.hpp> alone: prints "127.0.0.1", which no name server is asked for.
#include <cstdio>

#include <hocket/core/run.hpp>
#include <hocket/dns.hpp>

hocket::coro<std::string> amain() {
  hocket::dns_resolver names;
  const auto found = co_await names.resolve("localhost", 80, AF_INET);
  co_return found.front().host();
}

int main() { std::puts(hocket::run(amain()).c_str()); }
