#include <system_error>

#include <hocket/core/timeout.hpp>
#include <hocket/http/client/detail/patient_stream.hpp>
#include <hocket/io/send_file.hpp>

namespace hocket::http::detail {

coro<void> patient_stream::send(std::span<const std::string_view> pieces) {
  try {
    if (pieces.size() == 1)
      co_await with_timeout_at(limits_.bound(), stream_.send_all(pieces.front()));
    else
      co_await with_timeout_at(limits_.bound(), stream_.send_all(pieces));
  } catch (const timeout_error&) {
    limits_.give_up("the server takes no request");
  }
}

coro<void> patient_stream::send_part(file& from, std::uint64_t offset, std::uint64_t length) {
  try {
    co_await with_timeout_at(limits_.bound(), send_file(from, stream_, {.offset = offset, .length = length}));
  } catch (const timeout_error&) {
    limits_.give_up("the server takes no request");
  }
}

coro<std::optional<buffer>> patient_stream::receive(bool may_be_silent) {
  try {
    co_return co_await with_timeout_at(limits_.bound(), stream_.receive());
  } catch (const timeout_error&) {
    if (!may_be_silent || limits_.is_over()) limits_.give_up("the server sends nothing");
  }
  co_return std::nullopt;
}

socket_address patient_stream::peer() const {
  try {
    return stream_.peer_address();
  } catch (const std::system_error&) {
    return {};
  }
}

}  // namespace hocket::http::detail
