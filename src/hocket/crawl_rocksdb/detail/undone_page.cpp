// Numbers have eight bytes; texts have their length before them.

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/frontier_keys.hpp>
#include <hocket/crawl_rocksdb/detail/undone_page.hpp>

namespace hocket::crawl::detail {
namespace {

void append_text(std::string& to, std::string_view text) {
  append_big_endian(to, text.size());
  to.append(text);
}

class reader {
 public:
  explicit reader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool is_at_end() const noexcept { return left_.empty(); }
  std::uint64_t number() { return from_big_endian(take(8)); }
  std::string text() { return std::string(take(number())); }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > left_.size()) throw error("the frontier is broken: what was finished last ends too soon");
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  std::string_view left_;
};

}  // namespace

void append(std::string& to, const undone_page& page) {
  append_text(to, page.key);
  append_text(to, page.value);
  append_text(to, page.skipped);
  append_big_endian(to, page.is_page ? 1 : 0);
  append_big_endian(to, page.is_ok ? 1 : 0);
  append_big_endian(to, page.links);
  append_big_endian(to, page.bytes);
  append_big_endian(to, page.claimed.size());
  for (const std::string& each : page.claimed) append_text(to, each);
}

std::vector<undone_page> undone_pages_of(std::string_view bytes) {
  std::vector<undone_page> pages;
  for (reader in(bytes); !in.is_at_end();) {
    undone_page& page = pages.emplace_back();
    page.key = in.text();
    page.value = in.text();
    page.skipped = in.text();
    page.is_page = in.number() != 0;
    page.is_ok = in.number() != 0;
    page.links = in.number();
    page.bytes = in.number();
    for (std::uint64_t claimed = in.number(); claimed > 0; --claimed) page.claimed.push_back(in.text());
  }
  return pages;
}

}  // namespace hocket::crawl::detail
