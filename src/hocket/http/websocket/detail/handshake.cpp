#include <array>
#include <cstring>

#include <fmt/format.h>
#include <openssl/evp.h>

#include <hocket/base/error.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/field/base64.hpp>
#include <hocket/http/field/field_cursor.hpp>
#include <hocket/http/websocket/detail/handshake.hpp>

namespace hocket::http::detail {

static constexpr std::size_t key_bytes = 16;

std::string make_websocket_key(random_source& random) {
  const std::array<std::uint64_t, 2> drawn{random(), random()};
  std::array<char, key_bytes> bytes{};
  std::memcpy(bytes.data(), drawn.data(), bytes.size());
  return base64_encode({bytes.data(), bytes.size()});
}

bool is_websocket_key(std::string_view text) {
  const auto bytes = base64_decode(text);
  return bytes && bytes->size() == key_bytes;
}

std::string websocket_accept(std::string_view key) {
  constexpr std::string_view protocol = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const std::string text = std::string(key).append(protocol);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha1(), nullptr) != 1)
    throw error("this OpenSSL has no SHA-1, which websockets need");
  return base64_encode({reinterpret_cast<const char*>(digest.data()), size});
}

std::vector<std::string_view> tokens_of(const headers& fields, std::string_view name) {
  std::vector<std::string_view> found;
  for (const std::string_view value : fields.get_all(name)) {
    field_cursor at(value);
    for (at.skip_empty_elements(); !at.at_end(); at.skip_empty_elements()) {
      const std::string_view token = at.take_token();
      if (token.empty() || !at.at_end_of_element()) throw error(fmt::format("malformed {}", name));
      found.push_back(token);
    }
  }
  return found;
}

std::string list_of_tokens(std::span<const std::string> tokens) {
  std::string list;
  for (const std::string& each : tokens) {
    if (!is_token(each)) throw error(fmt::format("'{}' is no name of a subprotocol", each));
    if (!list.empty()) list += ", ";
    list += each;
  }
  return list;
}

}  // namespace hocket::http::detail
