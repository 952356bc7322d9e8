#pragma once

#include <string>
#include <string_view>

#include <hocket/http/coding/content_encoder.hpp>

namespace hocket::crawl {

/// Packs one member of a gzip file, piece by piece. Belongs to one thread at a time.
class gzip_member {
 public:
  /// Appends to `packed` what there is so far.
  void add(std::string_view piece, std::string& packed) { encode(piece, http::encoding_end::none, packed); }
  /// The last piece.
  void finish(std::string_view piece, std::string& packed) { encode(piece, http::encoding_end::content, packed); }

 private:
  void encode(std::string_view piece, http::encoding_end end, std::string& packed);

  http::content_encoder encoder_{http::content_coding::gzip};
};

}  // namespace hocket::crawl
