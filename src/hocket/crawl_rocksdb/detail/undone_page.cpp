// Numbers have seven bits a byte, the lowest first, and the eighth where there are more; texts have their length before them.

#include <algorithm>

#include <hocket/base/error.hpp>
#include <hocket/crawl_rocksdb/detail/undone_page.hpp>

namespace hocket::crawl::detail {
namespace {

constexpr const char* broken = "the frontier is broken: what was finished last cannot be read";

void append_number(std::string& to, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) to += static_cast<char>(number | 0x80);
  to += static_cast<char>(number);
}

void append_text(std::string& to, std::string_view text) {
  append_number(to, text.size());
  to.append(text);
}

class reader {
 public:
  explicit reader(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool is_at_end() const noexcept { return left_.empty(); }
  std::uint64_t number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      if (shift > 63) throw error(broken);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
  }
  std::string_view text() { return take(number()); }
  seen_key_bytes seen_key() {
    const std::string_view read = text();
    seen_key_bytes key{};
    if (read.size() != key.size()) throw error(broken);
    std::ranges::copy(read, key.begin());
    return key;
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > left_.size()) throw error(broken);
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
  append_number(to, page.is_page ? 1 : 0);
  append_number(to, page.is_ok ? 1 : 0);
  append_number(to, page.links);
  append_number(to, page.bytes);
  append_number(to, page.claimed.size());
  for (const seen_key_bytes& each : page.claimed) append_text(to, text_of(each));
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
    for (std::uint64_t claimed = in.number(); claimed > 0; --claimed) page.claimed.push_back(in.seen_key());
  }
  return pages;
}

}  // namespace hocket::crawl::detail
