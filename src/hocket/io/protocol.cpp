#include <algorithm>

#include <hocket/base/error.hpp>
#include <hocket/io/protocol.hpp>

namespace hocket {

void buffered_protocol::data_received(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = get_buffer(bytes.size());
    if (room.empty()) throw invalid_state_error("get_buffer() returned an empty buffer");
    const std::size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), count, room.begin());
    bytes.remove_prefix(count);
    buffer_updated(count);
  }
}

}  // namespace hocket
