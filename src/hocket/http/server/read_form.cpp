#include <algorithm>

#include <fmt/format.h>

#include <hocket/http/detail/bad_message.hpp>
#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/form/content_disposition.hpp>
#include <hocket/http/form/multipart_parser.hpp>
#include <hocket/http/media_type.hpp>
#include <hocket/http/server/detail/require_no_coding.hpp>
#include <hocket/http/server/read_form.hpp>

namespace hocket::http {
namespace {

void require_room(std::uint64_t size, std::uint64_t limit, const char* what) {
  if (size > limit) throw http_error(413, fmt::format("{} is larger than {}", what, detail::in_words(limit)));
}

coro<received_form> read_urlencoded(request& asked, const form_limits& limits) {
  const std::string text = co_await asked.read(std::min<std::uint64_t>(limits.memory_bytes, limits.total_bytes));
  auto fields =
      parse_form_urlencoded(text, {.fields = limits.parts, .size_bytes = text.size(), .text = form_text::bytes});
  if (!fields) throw http_error(413, "the form has too many fields");
  for (const form_field& each : *fields) require_room(each.value.size(), limits.field_bytes, "a field of the form");
  co_return received_form{.fields = std::move(*fields)};
}

/// Takes the parts of a form as they come.
class multipart_reader {
 public:
  multipart_reader(std::string_view boundary, const form_limits& limits)
      : limits_(limits), parser_(boundary, {.parts = limits.parts, .total_bytes = limits.total_bytes}) {}

  coro<received_form> read(request& asked) {
    for (;;) {
      std::string_view piece = co_await asked.next();
      if (piece.empty()) break;
      for (multipart_event event = parser_.next(piece); event.what != multipart_event::kind::need_input;
           event = parser_.next(piece))
        co_await take(event);
    }
    parser_.finish();
    co_return std::move(form_);
  }

 private:
  coro<void> take(const multipart_event& event) {
    if (event.what == multipart_event::kind::part_head) begin_part();
    if (event.what == multipart_event::kind::part_data) co_await (is_file() ? write(event.data) : hold(event.data));
    if (event.what == multipart_event::kind::part_end) co_await end_part();
  }

  [[nodiscard]] bool is_file() const noexcept { return part_.filename.has_value(); }

  void begin_part() {
    const headers& fields = parser_.fields();
    auto disposition = parse_form_disposition(fields.get("Content-Disposition").value_or(""));
    if (!disposition) throw http_error(400, "a part of the form has no name");
    // RFC 7578, 4.7: nobody sends others; they must not be taken for the content.
    const auto coding = fields.get("Content-Transfer-Encoding");
    if (coding && !std::ranges::any_of(std::initializer_list<std::string_view>{"7bit", "8bit", "binary"},
                                       [&](auto each) { return detail::equal_ignoring_case(*coding, each); }))
      throw http_error(415, "a part of the form has a transfer encoding");
    part_ = std::move(*disposition);
    type_ = fields.get("Content-Type").value_or("application/octet-stream");
    value_.clear();
    size_ = 0;
    held_ += part_.name.size();
    if (is_file()) held_ += part_.filename->size() + type_.size();
    require_room(held_, limits_.memory_bytes, "what the form keeps in memory");
  }

  coro<void> hold(std::string_view data) {
    held_ += data.size();
    require_room(value_.size() + data.size(), limits_.field_bytes, "a field of the form");
    require_room(held_, limits_.memory_bytes, "what the form keeps in memory");
    value_ += data;
    co_return;
  }

  coro<void> write(std::string_view data) {
    require_room(size_ + data.size(), limits_.file_bytes, "a file of the form");
    if (!is_begun_) co_await begin_file();
    co_await form_.files.back().on_disk.content().write(data);
    size_ += data.size();
  }

  coro<void> begin_file() {
    if (form_.files.size() == limits_.files) throw http_error(413, "the form has too many files");
    auto made = co_await named_temporary_file::make({.directory = limits_.directory, .prefix = "upload-"});
    form_.files.push_back({part_.name, *part_.filename, type_, 0, std::move(made)});
    is_begun_ = true;
  }

  coro<void> end_part() {
    if (!is_file()) {
      form_.fields.push_back({std::move(part_.name), std::move(value_)});
      co_return;
    }
    if (!is_begun_ && part_.filename->empty()) co_return;  // nothing was chosen
    if (!is_begun_) co_await begin_file();
    is_begun_ = false;
    form_.files.back().size_bytes = size_;
    form_.files.back().on_disk.content().close();
  }

  const form_limits& limits_;
  multipart_parser parser_;
  received_form form_;
  std::size_t held_ = 0;  // in memory, in all

  // Of the part:
  form_disposition part_;
  std::string type_;
  std::string value_;
  std::uint64_t size_ = 0;  // of its file
  bool is_begun_ = false;   // its file
};

coro<received_form> read_multipart(request& asked, std::string boundary, const form_limits& limits) {
  require_room(asked.content_length().value_or(0), limits.total_bytes, "the form");
  try {
    multipart_reader reader(boundary, limits);
    co_return co_await reader.read(asked);
  } catch (const multipart_too_large& problem) {
    throw http_error(413, problem.what());
  } catch (const multipart_error& problem) {
    throw http_error(400, problem.what());
  }
}

}  // namespace

std::optional<std::string_view> received_form::get(std::string_view name) const noexcept {
  const auto found = std::ranges::find(fields, name, &form_field::name);
  if (found == fields.end()) return std::nullopt;
  return found->value;
}

std::string_view received_form::require(std::string_view name) const {
  const auto value = get(name);
  if (!value) throw http_error(400, fmt::format("the form has no field '{}'", name));
  return *value;
}

received_file* received_form::file(std::string_view name) noexcept {
  const auto found = std::ranges::find(files, name, &received_file::name);
  return found != files.end() ? &*found : nullptr;
}

coro<received_form> read_form(request& asked, form_limits limits) {
  detail::require_no_coding(asked);
  const std::string_view type = asked.headers().get("Content-Type").value_or("");
  const std::string essence = parse_media_type(type).essence;
  if (essence == "application/x-www-form-urlencoded") co_return co_await read_urlencoded(asked, limits);
  if (essence != "multipart/form-data") throw http_error(415, "this takes a form");
  auto boundary = multipart_boundary(type);
  if (!boundary) throw http_error(400, "the form has no boundary");
  co_return co_await read_multipart(asked, std::move(*boundary), limits);
}

}  // namespace hocket::http
