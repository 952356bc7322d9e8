#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include <hocket/url/detail/byte_set.hpp>
#include <hocket/url/detail/special_scheme.hpp>
#include <hocket/url/query_encoder.hpp>
#include <hocket/url/url.hpp>

namespace hocket {

/// Writes one URL, part after part, in the order in which they stand.
class url::builder {
 public:
  /// `base` and `encoder` may be null.
  static std::expected<url, url_error> build(std::string_view input, const url* base, const query_encoder* encoder);

  /// `whole` with another path, in which `?` and `#` mean nothing. Precondition: its path is not opaque.
  static url with_path(const url& whole, std::string_view path);

 private:
  using status = std::expected<void, url_error>;
  using byte_set = detail::byte_set;

  builder(std::string_view input, std::size_t encoded_bytes, const url* base, const query_encoder* encoder);

  status write_reference(std::string_view reference);
  status write_absolute(std::string_view rest);
  void write_sibling(std::string_view name, std::string_view rest);
  status write_relative(std::string_view reference);
  status write_not_special(std::string_view name, std::string_view rest);
  status write_file(std::string_view reference);
  status write_file_host(std::string_view text);
  void begin_file();
  void begin_without_host();
  void copy_base_until(std::size_t end);
  void copy_base_until_last_segment();
  status write_authority(std::string_view authority);
  void write_userinfo(std::string_view userinfo);
  status write_host_and_port(std::string_view text, bool has_userinfo);
  status write_port(std::string_view digits);
  void write_path_query_fragment(std::string_view text);
  void write_path(std::string_view path);
  void drop_last_segment();
  void keep_path_from_passing_for_host();
  void write_query_fragment(std::string_view text);
  void write_encoded_query(std::string_view query);
  void write(std::string_view text, const byte_set& encoded);

  [[nodiscard]] std::uint32_t end() const noexcept { return out_.href_size(); }
  [[nodiscard]] bool is_special() const noexcept { return scheme_ != nullptr; }
  [[nodiscard]] bool is_file() const noexcept { return scheme_ == &detail::file_scheme; }
  [[nodiscard]] bool is_slash(char byte) const noexcept { return byte == '/' || (byte == '\\' && is_special()); }

  const url* base_;
  const query_encoder* encoder_;
  const detail::special_scheme* scheme_ = nullptr;  // of the URL that is written; null if it is not special
  std::size_t room_;                                // bytes that the input may grow to, user information aside
  bool copies_whole_;  // no byte of the input needs percent-encoding, user information aside
  url out_;
};

}  // namespace hocket
