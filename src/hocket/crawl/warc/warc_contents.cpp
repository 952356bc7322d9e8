#include <utility>

#include <hocket/crawl/warc/warc_contents.hpp>

namespace hocket::crawl {

static constexpr std::size_t most_bytes = 64 * 1024 * 1024;

const archived_response* warc_contents::find(const std::string& digest) const {
  const auto found = responses_.find(digest);
  return found == responses_.end() ? nullptr : &found->second;
}

void warc_contents::add(const std::string& digest, archived_response response) {
  constexpr std::size_t overhead = 4 * 32;  // of four strings in a table
  const std::size_t bytes =
      overhead + digest.size() + response.id.size() + response.target.size() + response.date.size();
  if (bytes_ + bytes > most_bytes) return;
  if (responses_.try_emplace(digest, std::move(response)).second) bytes_ += bytes;
}

}  // namespace hocket::crawl
