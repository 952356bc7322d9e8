// Input: what a client sends on one connection. However the bytes are cut, the same must be read from them.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "http/message_trace.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hocket::http::testing;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = trace_requests({bytes}, small_limits);
  if (trace_requests(cut(bytes, 1), small_limits) != whole) std::abort();
  if (trace_requests(cut_anyhow(bytes), small_limits) != whole) std::abort();
  return 0;
}
