#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>

#include <hocket/base/text_hash.hpp>

namespace hocket::crawl {

/// A response in an archive, for revisits to refer to.
struct archived_response {
  std::string id;
  std::string target;
  std::string date;
};

/// Which contents an archive has, by digest: as many as 64 MiB hold, some two hundred thousand; later ones are not remembered.
class warc_contents {
 public:
  /// `seed`: drawn at random, for sites choose the contents; see `text_hash`.
  explicit warc_contents(std::uint64_t seed = 0) : responses_(0, seeded_text_hash{seed}) {}

  /// Null: it is not known. Valid until something is added.
  [[nodiscard]] const archived_response* find(const std::string& digest) const;
  void add(const std::string& digest, archived_response response);

 private:
  std::unordered_map<std::string, archived_response, seeded_text_hash, std::equal_to<>> responses_;
  std::size_t bytes_ = 0;
};

}  // namespace hocket::crawl
