#pragma once

#include <string_view>

#include <hocket/crawl/resource_kind.hpp>

namespace hocket::crawl {

/// Is told by a `link_extractor` what a document has besides its links, each when its tag has ended. Texts are valid during the call.
class element_observer {
 public:
  virtual ~element_observer() = default;

  /// `url` is as written: neither stripped of spaces nor resolved.
  virtual void on_resource(resource_kind kind, std::string_view url) = 0;
  /// A place that a fragment may name: the `id` of any element, the `name` of an `a`.
  virtual void on_anchor(std::string_view name) = 0;
};

}  // namespace hocket::crawl
