#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

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
  /// Null: it is not known. Valid until something is added.
  [[nodiscard]] const archived_response* find(const std::string& digest) const;
  void add(const std::string& digest, archived_response response);

 private:
  std::unordered_map<std::string, archived_response> responses_;
  std::size_t bytes_ = 0;
};

}  // namespace hocket::crawl
