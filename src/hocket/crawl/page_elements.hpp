#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hocket/crawl/element_observer.hpp>
#include <hocket/crawl/text_set.hpp>

namespace hocket::crawl {

/// What is taken from pages besides their links.
struct element_options {
  bool resources = false;  // all that elements refer to
  bool fragments = false;  // places in pages, and links to such

  [[nodiscard]] bool any() const noexcept { return resources || fragments; }
};

/// What a page has besides links, resolved, each once; sorted, but for `anchors`, which are in order of appearance.
struct page_elements {
  struct resource {
    std::string url;  // http or https, without fragment
    resource_kind kind;
  };
  struct fragment_link {
    std::string url;
    std::string fragment;  // as in a URL; neither empty nor `top`, which is the top of any page
  };

  element_options wanted{};
  std::vector<resource> resources{};
  std::vector<std::string> anchors{};  // what a fragment may name, UTF-8
  std::vector<fragment_link> fragment_links{};
};

/// Gathers what a page has while it is read, each once.
class element_collector final : public element_observer {
 public:
  /// Names of places that are longer than this many bytes are left out, and so are links to them.
  static constexpr std::size_t max_anchor_bytes = 1024;

  /// `seed`: see `text_set`.
  element_collector(element_options wanted, std::uint64_t seed) noexcept
      : wanted_(wanted), resources_(seed), anchors_(seed) {}

  void on_resource(resource_kind kind, std::string_view url) override;
  void on_anchor(std::string_view name) override;
  void clear() noexcept;

  /// Memory that it has, in bytes.
  [[nodiscard]] std::size_t held_bytes() const noexcept { return resources_.held_bytes() + anchors_.held_bytes(); }

  [[nodiscard]] element_options wanted() const noexcept { return wanted_; }
  [[nodiscard]] std::size_t resources() const noexcept { return resources_.size(); }
  [[nodiscard]] resource_kind kind(std::size_t resource) const noexcept;
  [[nodiscard]] std::string_view url(std::size_t resource) const noexcept { return resources_[resource].substr(1); }
  [[nodiscard]] std::vector<std::string> anchors() const;

 private:
  element_options wanted_;
  text_set resources_;  // a character for the kind, and the URL as written
  text_set anchors_;
  std::string key_;
};

}  // namespace hocket::crawl
