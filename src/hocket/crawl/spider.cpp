#include <hocket/crawl/spider.hpp>
#include <hocket/http/media_type.hpp>

namespace hocket::crawl {
namespace {

class link_reader final : public page_reader {
 public:
  link_reader(std::uint64_t seed, element_options wanted, std::string robot) : links_(seed, wanted, std::move(robot)) {}

  void begin(const http::response& head) override {
    links_.begin(http::parse_media_type(head.headers().get("Content-Type").value_or("")).charset);
  }
  void feed(std::string_view piece) override { links_.feed(piece); }
  [[nodiscard]] std::size_t held_bytes() const noexcept override {
    return links_.held_bytes() + found_.links.capacity() * sizeof(page_link);
  }
  findings& finish(const url& document) override {
    found_.links.swap(links_.finish(document));
    std::swap(found_.declared, links_.declared());
    std::swap(found_.elements, links_.elements());
    found_.error = links_.is_cut_off() ? "its links are too long or too many; the rest of them is left out" : "";
    return found_;
  }

 private:
  page_links links_;
  findings found_;
};

}  // namespace

bool link_spider::wants(const http::response& head) const {
  const auto content_type = head.headers().get("Content-Type");
  if (!content_type || content_type->empty())
    return true;  // RFC 9110, 8.3: then one may look, and links are all that is looked for
  const http::media_type type = http::parse_media_type(*content_type);
  return type.essence == "text/html" || type.essence == "application/xhtml+xml";
}

std::unique_ptr<page_reader> link_spider::make_reader(std::uint64_t seed) const {
  return std::make_unique<link_reader>(seed, wanted_, robot_);
}

}  // namespace hocket::crawl
