// Input: a stream of server-sent events. However the bytes are cut, the events must be the same; and what the next request makes of them, the pause
// before it and the field with the id, must be possible.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/http/client/client_error.hpp>
#include <hocket/http/detail/event_parser.hpp>
#include <hocket/http/headers.hpp>
#include <hocket/loop/clock.hpp>

#include "http/message_trace.hpp"

namespace {

std::string events_in(const std::vector<std::string_view>& pieces) {
  hocket::http::detail::event_parser parser(256);
  std::string told;
  try {
    for (const std::string_view each : pieces) {
      parser.add(each);
      while (const auto event = parser.next()) {
        told.append(event->type)
            .append("\n")
            .append(event->data)
            .append("\n")
            .append(event->last_event_id)
            .append("\n");
        if (event->data.size() > 256) std::abort();
      }
    }
    if (const auto retry = parser.take_retry()) {
      const hocket::duration pause = *retry;
      if (pause < hocket::duration::zero() || pause > hocket::http::detail::longest_retry) std::abort();
      told += std::to_string(pause.count());
    }
    hocket::http::headers fields;
    fields.set("Last-Event-ID", parser.last_event_id());
    told += parser.last_event_id();
  } catch (const hocket::http::body_too_large&) {
    told += "too large";
  }
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hocket::http::testing;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = events_in({bytes});
  if (events_in(cut(bytes, 1)) != whole) std::abort();
  if (events_in(cut_anyhow(bytes)) != whole) std::abort();
  return 0;
}
