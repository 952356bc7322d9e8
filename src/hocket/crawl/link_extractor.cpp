// The streaming link tokenizer.
//
// Nearly all of a page is text and tags that are of no interest. Those take the fast lane: text is searched for the
// next bracket, and a tag that lies wholly in the piece at hand and is written in the usual way is passed, or taken if it
// is of interest, without states. All else (comments, scripts, tags that the end of a piece cuts in two, odd spellings)
// goes through the state machine, whose functions take what they can and return how far they came. Leaving the fast lane
// means to read a tag again from its start, which is sound because a tag has no effect before it ends.
//
// Names are packed into a number as they are read, so that none is stored and the names of interest are a switch.
// Values are decoded when their tag has ended; most need no decoding and are handed out where they lie.

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <hocket/crawl/css_urls.hpp>
#include <hocket/crawl/detail/markup.hpp>
#include <hocket/crawl/detail/tag_references.hpp>
#include <hocket/crawl/link_extractor.hpp>

namespace hocket::crawl {

using namespace detail;

namespace {

// How names of interest begin: for each first letter, the second characters. Most tags can be told from them by two.
constexpr auto beginnings_of(std::initializer_list<std::string_view> names) {
  std::array<std::uint32_t, 32> seconds{};
  for (const std::string_view name : names) seconds[name[0] & 31] |= std::uint32_t{1} << (name[1] & 31);
  return seconds;
}
constexpr auto beginnings_of_foreign = beginnings_of({"svg", "math"});
constexpr auto beginnings_of_interest =
    beginnings_of({"a ",     "a\n",     "a\t",      "a\r",       "a\f",   "a/",    "a>",       "area",
                   "base",   "meta",    "link",     "script",    "style", "title", "textarea", "xmp",
                   "iframe", "noembed", "noframes", "plaintext", "svg",   "math"});  // as kind_of() has them

bool begins_as(const char* name, const std::array<std::uint32_t, 32>& beginnings) {
  return (beginnings[static_cast<unsigned char>(name[0]) & 31] >> (static_cast<unsigned char>(name[1]) & 31) & 1) != 0;
}

// Where an unquoted value ends.
const char* find_unquoted_end(const char* at, const char* end) {
  return find<' ', '\n', '\t', '\r', '\f', '>'>(at, end);
}

// The end of what remains of a quoted value with its quote, or nullptr if that is not in sight.
template <char Quote>
const char* pass_quoted(const char* at, const char* end) {
  at = find<Quote>(at, end);
  return at == end ? nullptr : at + 1;
}

// The end of a value with its quotes, or nullptr if spaces come before it or its end is not in sight.
const char* pass_value(const char* at, const char* end) {
  if (at == end) return nullptr;
  if (*at == '"') return pass_quoted<'"'>(at + 1, end);
  if (*at == '\'') return pass_quoted<'\''>(at + 1, end);
  return is_space(*at) ? nullptr : find_unquoted_end(at, end);
}

// The end of a tag, from the end of its name, or nullptr if more than names and `name=value` come before it. In a name
// an equals sign begins a value; where a name would begin it is part of that name, which is left to the states.
const char* pass_attributes(const char* at, const char* end) {
  for (;;) {
    const char* const begin = at;
    at = find<'>', '='>(at, end);
    if (at == end) return nullptr;
    if (*at == '>') return at + 1;
    if (at == begin || name_digit(at[-1]) == 0) return nullptr;
    at = pass_value(at + 1, end);
    if (!at) return nullptr;
  }
}

}  // namespace

// --- What callers use

std::optional<link_extractor::link> link_extractor::next(std::string_view& bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  std::optional<link> found;
  while (at != end && !found) {
    at = scan(at, end);
    if (state_ != state::after_tag) continue;
    end_tag();
    if (has_link()) found = current_link();
  }
  if (is_in_tag()) attributes_.keep();
  bytes = {at, end};
  return found;
}

std::optional<std::string_view> link_extractor::base_href() const noexcept { return base_href_; }

void link_extractor::reset() noexcept {
  state_ = state::text;
  foreign_depth_ = 0;
  base_href_.reset();
  declared_.robots.clear();
  declared_.canonical.reset();
  declared_.alternates.clear();
  is_in_style_ = false;
  style_.clear();
}

// --- The state machine. Each function takes at least one character or changes the state.

const char* link_extractor::scan(const char* at, const char* end) {
  switch (state_) {
    case state::text:
      return scan_text(at, end);
    case state::tag_open:
    case state::end_tag_open:
      return scan_tag_open(at);
    case state::tag_name:
      return scan_tag_name(at, end);
    case state::before_attribute_name:
    case state::after_attribute_name:
    case state::self_closing:
      return scan_between_attributes(at, end);
    case state::attribute_name:
      return scan_attribute_name(at, end);
    case state::before_value:
      return scan_before_value(at, end);
    case state::double_quoted_value:
    case state::single_quoted_value:
    case state::unquoted_value:
      return scan_value(at, end);
    case state::declaration_open:
    case state::declaration_dash:
    case state::bogus_comment:
      return scan_declaration(at, end);
    case state::comment_start:
    case state::comment_start_dash:
    case state::comment:
    case state::comment_end_dash:
    case state::comment_end:
    case state::comment_end_bang:
      return scan_comment(at, end);
    case state::raw_text:
      return taken_for_style(at, scan_raw_text(at, end));
    case state::raw_less_than:
    case state::script_escape_start:
    case state::script_escape_start_dash:
      return taken_for_style(at, scan_raw_markup(at));
    case state::raw_end_tag_name:
    case state::script_escape_name:
      return taken_for_style(at, scan_raw_name(at, end));
    case state::after_tag:
    case state::plaintext:
      break;
  }
  return end;
}

const char* link_extractor::scan_text(const char* at, const char* end) {
  return observer_ == nullptr ? scan_text_by<&link_extractor::pass_plain_tag>(at, end)
                              : scan_text_by<&link_extractor::pass_bare_tag>(at, end);
}

template <const char* (*Pass)(const char*, const char*)>
const char* link_extractor::scan_text_by(const char* at, const char* end) {
  for (;;) {
    at = find<'<'>(at, end);
    if (at == end) return end;
    const char* const after = Pass(at, end);
    if (!after) break;
    at = after;
  }
  if (const char* const after = take_plain_tag(at, end)) return after;
  state_ = state::tag_open;
  return at + 1;
}

// The fast lane: the end of the tag that begins at `at`, or nullptr if it needs the states.
const char* link_extractor::pass_plain_tag(const char* at, const char* end) {
  if (++at == end) return nullptr;
  const bool is_end_tag = *at == '/';
  if (is_end_tag && ++at == end) return nullptr;
  if (!is_letter(*at)) return nullptr;
  if (end - at > 1 && !begins_as(at, is_end_tag ? beginnings_of_foreign : beginnings_of_interest)) {
    const char* const stop = find<'>', '='>(at, end);
    if (stop != end && *stop == '>') return stop + 1;
    at = std::find_if(at, end, [](char c) { return name_digit(c) == 0; });
    return pass_attributes(at, end);
  }
  std::uint64_t name = 0;
  for (; at != end; ++at) {
    const std::uint8_t digit = name_digit(*at);
    if (digit == 0) break;
    name = extended(name, digit);
  }
  const tag_kind kind = kind_of(name);
  const bool is_plain = kind == tag_kind::other || (is_end_tag && kind != tag_kind::foreign);
  return is_plain ? pass_attributes(at, end) : nullptr;
}

// The same where attributes of any tag count: of start tags only those that have none.
const char* link_extractor::pass_bare_tag(const char* at, const char* end) {
  const char* const after = pass_plain_tag(at, end);
  if (after == nullptr || at[1] == '/') return after;
  return std::all_of(at + 1, after - 1, [](char c) { return name_digit(c) != 0; }) ? after : nullptr;
}

// The fast lane of tags of interest: takes the one that begins at `at`, and returns its end. Or nullptr if it needs the states, which
// begin it anew.
const char* link_extractor::take_plain_tag(const char* at, const char* end) {
  if (++at == end) return nullptr;
  const bool is_end_tag = *at == '/';
  if (is_end_tag && ++at == end) return nullptr;
  if (!is_letter(*at)) return nullptr;
  begin_tag(is_end_tag);
  at = scan_tag_name(at, end);
  for (;;) {
    at = skip_spaces(at, end);
    if (at == end || *at == '=') return nullptr;
    if (*at == '/') {
      if (++at == end || *at != '>') return nullptr;
      is_self_closing_ = true;
    }
    if (*at == '>') {
      state_ = state::after_tag;
      return at + 1;
    }
    at = take_plain_attribute(at, end);
    if (!at) return nullptr;
  }
}

// `name`, or `name=value` without spaces.
const char* link_extractor::take_plain_attribute(const char* at, const char* end) {
  std::uint64_t name = 0;
  for (; at != end && *at != '='; ++at) {
    const std::uint8_t digit = name_digit(*at);
    if (digit == 0) break;
    name = extended(name, digit);
  }
  if (at == end) return nullptr;
  attributes_.begin(tag_name_, name);
  if (*at != '=') return at;
  const char* const value = at + 1;
  const char* const after = pass_value(value, end);
  if (!after || after == end || after == value) return nullptr;
  const bool is_quoted = *value == '"' || *value == '\'';
  attributes_.append(is_quoted ? std::string_view(value + 1, after - 1) : std::string_view(value, after));
  return after;
}

const char* link_extractor::scan_tag_open(const char* at) {
  const bool is_end_tag = state_ == state::end_tag_open;
  if (is_letter(*at)) {
    begin_tag(is_end_tag);
    return at;
  }
  if (is_end_tag) {
    state_ = *at == '>' ? state::text : state::bogus_comment;
    return *at == '>' ? at + 1 : at;
  }
  switch (*at) {
    case '/':
      state_ = state::end_tag_open;
      return at + 1;
    case '!':
      state_ = state::declaration_open;
      return at + 1;
    case '?':
      state_ = state::bogus_comment;
      return at + 1;
    default:
      state_ = state::text;
      return at;
  }
}

const char* link_extractor::scan_tag_name(const char* at, const char* end) {
  for (; at != end; ++at) {
    const std::uint8_t digit = name_digit(*at);
    if (digit == 0) {
      tag_name_ = name_;
      kind_ = kind_of(name_);
      state_ = state::before_attribute_name;
      break;
    }
    name_ = extended(name_, digit);
  }
  return at;
}

const char* link_extractor::scan_between_attributes(const char* at, const char* end) {
  if (state_ == state::self_closing) {
    is_self_closing_ = *at == '>';
    state_ = state::before_attribute_name;
  }
  at = skip_spaces(at, end);
  if (at == end) return end;
  if (*at == '>') {
    state_ = state::after_tag;
  } else if (*at == '/') {
    state_ = state::self_closing;
  } else if (*at == '=' && state_ == state::after_attribute_name) {
    state_ = state::before_value;
  } else {
    name_ = name_digit(*at);
    state_ = state::attribute_name;
  }
  return at + 1;
}

const char* link_extractor::scan_attribute_name(const char* at, const char* end) {
  for (; at != end; ++at) {
    const std::uint8_t digit = name_digit(*at);
    if (digit == 0 || *at == '=') {
      attributes_.begin(tag_name_, name_);
      state_ = state::after_attribute_name;
      break;
    }
    name_ = extended(name_, digit);
  }
  return at;
}

const char* link_extractor::scan_before_value(const char* at, const char* end) {
  at = skip_spaces(at, end);
  if (at == end) return end;
  switch (*at) {
    case '"':
      state_ = state::double_quoted_value;
      return at + 1;
    case '\'':
      state_ = state::single_quoted_value;
      return at + 1;
    case '>':
      state_ = state::after_tag;
      return at + 1;
    default:
      state_ = state::unquoted_value;
      return at;
  }
}

const char* link_extractor::scan_value(const char* at, const char* end) {
  const bool is_quoted = state_ != state::unquoted_value;
  const char* const value_end = state_ == state::double_quoted_value   ? find<'"'>(at, end)
                                : state_ == state::single_quoted_value ? find<'\''>(at, end)
                                                                       : find_unquoted_end(at, end);
  attributes_.append({at, value_end});
  if (value_end == end) return end;
  state_ = state::before_attribute_name;
  return is_quoted ? value_end + 1 : value_end;
}

const char* link_extractor::scan_declaration(const char* at, const char* end) {
  if (state_ != state::bogus_comment) {
    const bool is_dash = *at == '-';
    if (!is_dash) {
      state_ = state::bogus_comment;
    } else {
      state_ = state_ == state::declaration_open ? state::declaration_dash : state::comment_start;
    }
    return is_dash ? at + 1 : at;
  }
  at = find<'>'>(at, end);
  if (at == end) return end;
  state_ = state::text;
  return at + 1;
}

link_extractor::state link_extractor::after_comment_character(state before, char character) {
  const bool is_dash = character == '-';
  const bool is_bracket = character == '>';
  switch (before) {
    case state::comment_start:
      return is_bracket ? state::text : is_dash ? state::comment_start_dash : state::comment;
    case state::comment_start_dash:
      return is_bracket ? state::text : is_dash ? state::comment_end : state::comment;
    case state::comment_end_dash:
      return is_dash ? state::comment_end : state::comment;
    case state::comment_end:
      if (character == '!') return state::comment_end_bang;
      return is_bracket ? state::text : is_dash ? state::comment_end : state::comment;
    case state::comment_end_bang:
      return is_bracket ? state::text : is_dash ? state::comment_end_dash : state::comment;
    default:
      return is_dash ? state::comment_end_dash : state::comment;
  }
}

const char* link_extractor::scan_comment(const char* at, const char* end) {
  if (state_ == state::comment) at = find<'-'>(at, end);
  if (at == end) return end;
  state_ = after_comment_character(state_, *at);
  return at + 1;
}

const char* link_extractor::scan_raw_text(const char* at, const char* end) {
  if (escape_ == script_escape::none) {
    at = find<'<'>(at, end);
  } else if (dashes_ == 0) {
    at = find<'<', '-'>(at, end);
  }
  if (at == end) return end;
  if (*at == '<') {
    state_ = state::raw_less_than;
    dashes_ = 0;
  } else if (*at == '-') {
    dashes_ = std::min<std::uint8_t>(dashes_ + 1, 2);
  } else {
    if (*at == '>' && dashes_ == 2) escape_ = script_escape::none;
    dashes_ = 0;
  }
  return at + 1;
}

const char* link_extractor::scan_raw_markup(const char* at) {
  const char c = *at;
  const state before = std::exchange(state_, state::raw_text);
  switch (before) {
    case state::script_escape_start:
      if (c != '-') return at;
      state_ = state::script_escape_start_dash;
      return at + 1;
    case state::script_escape_start_dash:
      if (c != '-') return at;
      escape_ = script_escape::escaped;
      dashes_ = 2;
      return at + 1;
    default:
      break;
  }
  name_ = 0;
  if (c == '/') {
    state_ = escape_ == script_escape::double_escaped ? state::script_escape_name : state::raw_end_tag_name;
    return at + 1;
  }
  if (c == '!' && escape_ == script_escape::none && tag_name_ == packed("script")) {
    state_ = state::script_escape_start;
    return at + 1;
  }
  if (is_letter(c) && escape_ == script_escape::escaped) state_ = state::script_escape_name;
  return at;
}

const char* link_extractor::scan_raw_name(const char* at, const char* end) {
  for (; at != end && is_letter(*at); ++at) name_ = extended(name_, name_digit(*at));
  if (at == end) return end;
  const bool is_raw_name = name_ == tag_name_ && name_digit(*at) == 0;
  const state before = std::exchange(state_, state::raw_text);
  if (!is_raw_name) return at;
  if (before == state::raw_end_tag_name) {
    begin_tag(true);
    state_ = state::before_attribute_name;
  } else {
    const bool was_escaped = escape_ == script_escape::escaped;
    escape_ = was_escaped ? script_escape::double_escaped : script_escape::escaped;
  }
  return at;
}

// --- Tags

bool link_extractor::is_in_tag() const noexcept { return state_ >= state::tag_name && state_ < state::after_tag; }

void link_extractor::begin_tag(bool is_end_tag) {
  state_ = state::tag_name;
  kind_ = tag_kind::other;
  is_end_tag_ = is_end_tag;
  is_self_closing_ = false;
  name_ = 0;
  attributes_.clear();
}

link_extractor::tag_kind link_extractor::kind_of(std::uint64_t name) {
  switch (name) {
    case packed("a"):
    case packed("area"):
      return tag_kind::link;
    case packed("base"):
      return tag_kind::base;
    case packed("meta"):
      return tag_kind::meta;
    case packed("link"):
      return tag_kind::document_link;
    case packed("script"):
    case packed("style"):
    case packed("title"):
    case packed("textarea"):
    case packed("xmp"):
    case packed("iframe"):
    case packed("noembed"):
    case packed("noframes"):
      return tag_kind::raw_text;
    case packed("plaintext"):
      return tag_kind::plaintext;
    case packed("svg"):
    case packed("math"):
      return tag_kind::foreign;
    default:
      return tag_kind::other;
  }
}

void link_extractor::end_tag() {
  state_ = state::text;
  if (is_in_style_) end_style();
  if (observer_ != nullptr && !is_end_tag_) tell_references(tag_name_, attributes_, *observer_);
  const bool is_empty_foreign_element = is_self_closing_ && foreign_depth_ > 0;
  if (kind_ == tag_kind::foreign) {
    if (is_end_tag_) {
      foreign_depth_ -= foreign_depth_ > 0 ? 1 : 0;
    } else if (!is_self_closing_) {
      ++foreign_depth_;
    }
  } else if (is_end_tag_ || is_empty_foreign_element) {
    return;
  } else if (kind_ == tag_kind::raw_text) {
    state_ = state::raw_text;
    escape_ = script_escape::none;
    is_in_style_ = observer_ != nullptr && tag_name_ == packed("style");
  } else if (kind_ == tag_kind::plaintext) {
    state_ = state::plaintext;
  } else if (kind_ == tag_kind::base) {
    note_base();
  } else if (kind_ == tag_kind::meta) {
    note_meta();
  } else if (kind_ == tag_kind::document_link) {
    note_document_link();
  }
}

// Keeps what was passed, if it is the text of a style element that somebody wants.
const char* link_extractor::taken_for_style(const char* from, const char* to) {
  if (is_in_style_) style_.append(from, std::min(static_cast<std::size_t>(to - from), max_style_bytes - style_.size()));
  return to;
}

// Its text ends with what has been read of its end tag, which is no URL.
void link_extractor::end_style() {
  is_in_style_ = false;
  for_each_css_url(style_, [this](bool is_import, std::string_view url) {
    observer_->on_resource(is_import ? resource_kind::import : resource_kind::css, url);
  });
  style_.clear();
}

void link_extractor::note_base() {
  if (base_href_) return;
  if (const auto value = attributes_.value_of(tag_attributes::href)) base_href_.emplace(*value);
}

void link_extractor::note_meta() {
  const std::string_view whom = attributes_.value_of(tag_attributes::name).value_or("");
  if (whom.empty() || !(equals_ignoring_case(whom, "robots") || equals_ignoring_case(whom, robot_))) return;
  const auto value = attributes_.value_of(tag_attributes::content);
  if (!value || declared_.robots.size() + value->size() > max_value_bytes) return;
  if (!declared_.robots.empty()) declared_.robots += ',';
  declared_.robots += *value;
}

void link_extractor::note_document_link() {
  if (!attributes_.has(tag_attributes::href)) return;
  if (attributes_.has(tag_attributes::hreflang)) {
    if (!has_token(attributes_.value_of(tag_attributes::rel).value_or(""), "alternate") ||
        declared_.alternates.size() == max_alternates)
      return;
    alternate& added = declared_.alternates.emplace_back();
    added.hreflang = *attributes_.value_of(tag_attributes::hreflang);
    added.href = *attributes_.value_of(tag_attributes::href);
  } else if (!declared_.canonical && has_token(attributes_.value_of(tag_attributes::rel).value_or(""), "canonical")) {
    declared_.canonical.emplace(*attributes_.value_of(tag_attributes::href));
  }
}

bool link_extractor::has_link() const noexcept {
  return kind_ == tag_kind::link && !is_end_tag_ && attributes_.has(tag_attributes::href);
}

link_extractor::link link_extractor::current_link() {
  const bool nofollow = has_token(attributes_.value_of(tag_attributes::rel).value_or(""), "nofollow");
  return {.href = *attributes_.value_of(tag_attributes::href), .nofollow = nofollow};
}

}  // namespace hocket::crawl
