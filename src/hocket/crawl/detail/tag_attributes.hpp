#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hocket::crawl::detail {

/// The attributes of the tag at hand that are of interest; their values are kept until the tag ends, and decoded when they are asked for.
/// Belongs to one `link_extractor`.
class tag_attributes {
 public:
  /// The longest value that is kept, in bytes of its source text; a longer one counts as absent.
  static constexpr std::size_t max_value_bytes = 64 * 1024;

  // Those behind `content` are of interest to observers only.
  enum attribute : std::uint8_t {
    href,
    rel,
    hreflang,
    name,
    content,
    id,
    src,
    srcset,
    poster,
    data,
    action,
    form_action,
    http_equiv,
    style,
    not_kept
  };

  /// Of `all`, or of those that make links and declarations, and these of their tags only.
  explicit tag_attributes(bool all) noexcept : all_(all) {}

  /// A new tag.
  void clear() noexcept {
    for (std::size_t n = 0; n < of_links; ++n) values_[n].clear();
    for (std::size_t n = of_links; n < not_kept && all_; ++n) values_[n].clear();
  }

  /// The name of an attribute was read (both are packed): its value follows, if it has one. Of several with a name the first counts.
  void begin(std::uint64_t tag_name, std::uint64_t attribute_name) noexcept;

  /// A part of the value; at most one of a value lies in one piece of the document.
  void append(std::string_view part) {
    if (at_hand_ != not_kept) values_[at_hand_].append(part);
  }

  /// The piece that values lie in is about to go, in the midst of the tag.
  void keep() {
    for (std::size_t n = 0; n < of_links; ++n) values_[n].keep();
    for (std::size_t n = of_links; n < not_kept && all_; ++n) values_[n].keep();
  }

  /// Whether the tag has it, with a value that is not too long.
  [[nodiscard]] bool has(attribute which) const noexcept { return values_[which].text().has_value(); }

  /// The decoded value, if it is there and not too long; valid until the next call.
  [[nodiscard]] std::optional<std::string_view> value_of(attribute which);

 private:
  // It stays where the caller has it until the end of a piece cuts its tag in two.
  class source_text {
   public:
    void clear() noexcept { place_ = place::absent; }
    void begin() noexcept;
    void append(std::string_view part);
    void keep();

    // True once the attribute was seen, whatever became of its value.
    [[nodiscard]] bool is_present() const noexcept { return place_ != place::absent; }
    [[nodiscard]] std::optional<std::string_view> text() const noexcept;

   private:
    enum class place : std::uint8_t { absent, borrowed, kept, too_long };

    std::string_view borrowed_;
    std::string kept_;
    place place_ = place::absent;
  };

  static constexpr std::size_t of_links = content + 1;

  bool all_;
  attribute at_hand_ = not_kept;  // whose value is being read
  std::array<source_text, not_kept> values_;
  std::string decoded_;
};

}  // namespace hocket::crawl::detail
