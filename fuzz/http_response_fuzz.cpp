// Input: what a server sends on one connection. However the bytes are cut, the same must be read from them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/message_trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hocket::http::testing;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string_view method : {"GET", "HEAD", "CONNECT"}) {
    const auto whole = trace_responses({bytes}, method, small_limits);
    if (trace_responses(cut(bytes, 1), method, small_limits) != whole) std::abort();
    if (trace_responses(cut_anyhow(bytes), method, small_limits) != whole) std::abort();
  }
  return 0;
}
