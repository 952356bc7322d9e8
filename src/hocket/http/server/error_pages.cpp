#include <algorithm>
#include <charconv>
#include <exception>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/http/detail/syntax.hpp>
#include <hocket/http/server/error_pages.hpp>
#include <hocket/http/status.hpp>

namespace hocket::http {
namespace {

/// What Accept says of types that begin like one of these; 0 if it does not name them. Wildcards do not count: who takes anything is no
/// browser, or says so too.
double weight_of(const request& asked, std::initializer_list<std::string_view> types) {
  double best = 0;
  for (const std::string_view list : asked.headers().get_all("Accept")) {
    for (std::string_view left = list; !left.empty();) {
      const std::string_view element = left.substr(0, left.find(','));
      left.remove_prefix(std::min(left.size(), element.size() + 1));
      const std::string_view type = detail::trim(element.substr(0, element.find(';')));
      if (std::ranges::none_of(types, [&](auto each) { return detail::equal_ignoring_case(type, each); })) continue;
      double weight = 1;
      if (const std::size_t at = element.find("q="); at != std::string_view::npos)
        if (std::from_chars(element.data() + at + 2, element.data() + element.size(), weight).ec != std::errc())
          weight = 0;
      best = std::max(best, weight);
    }
  }
  return best;
}

std::string plain_page(const error_page& page) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>{0} {1}</title>\n<h1>{0} {1}</h1>\n<p>{2}</p>\n",
      page.status, escape_html(page.title), escape_html(page.detail));
}

reply problem_object(const error_page& page) {
  nlohmann::ordered_json object{{"type", "about:blank"}, {"title", page.title}, {"status", page.status}};
  if (!page.detail.empty()) object["detail"] = page.detail;
  reply made = reply::json(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), page.status);
  made.headers.set("Content-Type", "application/problem+json");
  return made;
}

class page_maker {
 public:
  explicit page_maker(error_pages_options options) : options_(std::move(options)) {}

  coro<reply> operator()(request& asked, next_handler next) {
    try {
      reply given = co_await next(asked);
      if (given.status < 400 || !given.body.is_empty() || asked.method() == "HEAD") co_return given;
      co_return page_for(asked, given.status, "", given.headers);
    } catch (const http_error& thrown) {
      co_return page_for(asked, thrown.status(), thrown.what(), thrown.headers());
    } catch (const std::exception& thrown) {
      if (!options_.on_error) throw;
      options_.on_error(asked, thrown.what());
      co_return page_for(asked, 500, "", {});
    }
  }

 private:
  reply page_for(const request& asked, int status, std::string_view words, const headers& fields) {
    error_page page{.status = status, .title = reason_phrase(status), .detail = words};
    if (words == fmt::format("{} {}", status, page.title)) page.detail = {};  // an error without words of its own
    const double html = weight_of(asked, {"text/html", "application/xhtml+xml"});
    const double json = weight_of(asked, {"application/json", "application/problem+json"});
    reply made = json > html ? problem_object(page)
                 : html > 0  ? reply::html(options_.html ? options_.html(page) : plain_page(page), status)
                             : reply::error(http_error(status, std::string(words)));
    for (const auto& [name, value] : fields)
      if (!detail::equal_ignoring_case(name, "Content-Type")) made.headers.add(name, value);
    made.headers.add("Vary", "Accept");
    return made;
  }

  error_pages_options options_;
};

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

middleware error_pages(error_pages_options options) { return page_maker(std::move(options)); }

}  // namespace hocket::http
