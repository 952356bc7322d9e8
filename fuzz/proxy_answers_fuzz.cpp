// Input: a byte that chooses the kind of proxy and whether it is shown a password, and what the proxy answers, to SOCKS5's questions or to
// CONNECT. Whatever it is, the way ends within it: open, or with an error that says why; and however the bytes are cut, the same way.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hocket/core/as_result.hpp>
#include <hocket/core/gather.hpp>
#include <hocket/core/run.hpp>
#include <hocket/http/client/client_error.hpp>
#include <hocket/http/client/detail/http_tunnel.hpp>
#include <hocket/http/client/detail/socks5.hpp>
#include <hocket/testing/memory_stream.hpp>
#include <hocket/testing/virtual_clock.hpp>

namespace {

using hocket::byte_stream;
using hocket::coro;
using hocket::http::proxy;

void require(bool holds) {
  if (!holds) std::abort();
}

struct proxy_script {
  bool is_socks;
  bool has_password;
  std::string_view answers;

  [[nodiscard]] proxy via() const {
    return proxy::parse(std::string(is_socks ? "socks5" : "http") + "://" + (has_password ? "user:hush@" : "") +
                        "proxy.test:1");
  }
  /// Each is sent when the client has said something. The first two of a SOCKS5 proxy are of two bytes.
  [[nodiscard]] std::vector<std::string_view> messages() const {
    std::vector<std::string_view> parts;
    std::string_view rest = answers;
    for (int nth = 0; is_socks && nth < (has_password && answers.substr(1, 1) == "\2" ? 2 : 1); ++nth) {
      parts.push_back(rest.substr(0, 2));
      rest.remove_prefix(parts.back().size());
      if (rest.empty()) return parts;  // the client may wait for more of this one
    }
    parts.push_back(rest);
    return parts;
  }
};

coro<void> answer(const proxy_script& script, byte_stream stream) {
  for (const std::string_view message : script.messages()) {
    if (!co_await stream.receive()) co_return;
    if (!message.empty()) co_await stream.send_all(message);
  }
  co_await stream.shutdown_send();
  while (co_await stream.receive()) {
  }
}

coro<void> pass(const proxy_script& script, byte_stream stream) {
  const proxy via = script.via();
  const auto target = hocket::url::parse("https://server.test/").value();
  if (script.is_socks) {
    co_await hocket::http::detail::pass_socks5(stream, via, "server.test", 443);
  } else {
    auto led = co_await hocket::http::detail::open_tunnel(std::move(stream), target, via, via.authorization(),
                                                          std::chrono::seconds(30));
    if (!led) throw hocket::http::proxy_error("refused: " + std::to_string(led.error().status));
    stream = std::move(*led);
  }
  co_await stream.close();
}

/// "open", or the error's words.
coro<std::string> outcome_of(const proxy_script& script, std::vector<std::size_t> cuts) {
  auto [client, server] = hocket::testing::memory_streams({.to_client = {.cuts = std::move(cuts)}});
  const auto [ended, passed] = co_await hocket::gather(hocket::as_result(answer(script, std::move(server))),
                                                       hocket::as_result(pass(script, std::move(client))));
  if (passed) co_return "open";
  try {
    std::rethrow_exception(passed.error());
  } catch (const hocket::error& problem) {
    require(!std::string_view(problem.what()).contains("hush"));  // the password
    co_return problem.what();
  } catch (const std::system_error& problem) {
    co_return problem.code().message();
  }
}

std::string run(const proxy_script& script, std::vector<std::size_t> cuts) {
  hocket::testing::virtual_clock clock(std::chrono::nanoseconds(0));  // there is no kernel to wait for
  return hocket::run(outcome_of(script, std::move(cuts)),
                     {.backend = hocket::backend_kind::poll, .clock = &clock, .seed = 1, .handle_sigint = false});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const proxy_script script{
      (data[0] & 1) != 0, (data[0] & 2) != 0, {reinterpret_cast<const char*>(data) + 1, size - 1}};
  const std::string whole = run(script, {});
  // What comes behind an answer is seen only if it comes with it.
  const bool had_more = whole.contains("sends what nobody has asked for");
  for (const auto& cuts : {std::vector<std::size_t>{1}, std::vector<std::size_t>{3, 1, 7, 2}}) {
    const std::string cut = run(script, cuts);
    require(had_more || cut == whole);
  }
  return 0;
}
