// Logs in by the form of a site, then crawls what only its members see: a downloader of one's own, whose session keeps cookies. The fields
// that the form has hidden (a token against forged requests, as a rule) are sent back as they came.
// Run: PASSWORD=... behind_login URL FOLDER --login URL --user NAME [--leave REGEX]
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/http.hpp>
#include <hocket/url/without_user.hpp>

#include "html_document.hpp"
#include "program.hpp"

namespace crawl = hocket::crawl;
namespace http = hocket::http;

struct arguments {
  std::string url, folder, login, user;
  std::string leave = "log-?out|sign-?out";
};

/// A form that asks for a password, filled in.
struct login_form {
  hocket::url action;
  std::vector<hocket::form_field> fields;
};

login_form filled_in(const std::string& html, const hocket::url& where, const std::string& user,
                     const std::string& password) {
  html_document page(html);
  const auto forms = page.nodes(xpath("//form[.//input[@type='password']]"));
  if (forms.empty()) throw std::runtime_error(fmt::format("{} has no form with a password", where.href()));
  xmlNode* const form = forms.front();
  const xpath type("@type"), name("@name"), value("@value"), action("@action");
  login_form filled{.action = hocket::url::parse(page.text(action, form), where).value_or(where), .fields = {}};
  if (filled.action.origin() != where.origin())
    throw std::runtime_error(fmt::format("its form would send the password to {}", filled.action.origin()));
  bool has_user = false;
  for (xmlNode* input : page.nodes(xpath(".//input[@name]"), form)) {
    const std::string kind = page.text(type, input);
    hocket::form_field field{page.text(name, input), page.text(value, input)};
    if (kind == "password") field.value = password;
    if (!has_user && (kind == "text" || kind == "email" || kind.empty())) {
      field.value = user;
      has_user = true;
    }
    if (kind != "submit" && kind != "button" && kind != "reset") filled.fields.push_back(std::move(field));
  }
  return filled;
}

class member final : public crawl::downloader {
 public:
  explicit member(http::session_options options) : web_(std::move(options)) {}

  hocket::coro<void> log_in(hocket::url where, std::string user, std::string password) {
    auto asked = co_await web_.get(where);
    asked.raise_for_status();
    const hocket::url there = asked.url();
    auto form = filled_in(co_await asked.text(), there, user, password);
    auto answer = co_await web_.post(form.action, {.form = std::move(form.fields), .max_redirects = 0});
    // A form that was not accepted is shown again; one that was leads on.
    if (answer.status() < 300 || answer.status() > 399)
      throw std::runtime_error(fmt::format("{} does not let '{}' in", there.href(), user));
    co_await answer.drain();
  }

  hocket::coro<http::response> get(const hocket::url& where, http::request_options options) override {
    co_return co_await web_.get(where, std::move(options));
  }

 private:
  http::session web_;
};

hocket::url url_of(const std::string& text) {
  auto parsed = hocket::url::parse(text);
  if (!parsed) throw std::invalid_argument(fmt::format("'{}' is no URL", hocket::without_user(text)));
  return std::move(*parsed);
}

hocket::coro<void> crawl_as_member(arguments given) {
  const char* const password = std::getenv("PASSWORD");
  if (password == nullptr) throw std::invalid_argument("PASSWORD is not set: the password comes from the environment");
  const hocket::url login = url_of(given.login);
  crawl::crawl_options options{.seeds = {url_of(given.url)}};
  options.exclude.emplace_back(given.leave);

  auto web = crawl::crawl_session_options(
      options, [host = login.host()](const hocket::url& asked) { return asked.host() == host; });
  web.cookies = std::make_shared<http::cookie_jar>();
  web.wall_clock = hocket::system_wall_clock;
  auto me = std::make_shared<member>(std::move(web));
  co_await me->log_in(login, given.user, password);

  auto out = co_await crawl::output::open(given.folder);
  crawl::crawler work(std::move(options), out, {}, {.downloader = me});
  co_await work.run();
  const auto result = work.progress();
  fmt::print("{} pages, {} failed -> {}/pages.jsonl\n", result.pages, result.failed, given.folder);
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Crawls a site as one of its members.", "behind_login");
  options.add_option("URL", given.url, "where to begin")->required();
  options.add_option("FOLDER", given.folder, "where to write")->required();
  options.add_option("--login", given.login, "the page with the form")->required()->type_name("URL");
  options.add_option("--user", given.user, "who to be")->required()->type_name("NAME");
  options.add_option("--leave", given.leave, "what not to follow: it would log out")
      ->type_name("REGEX")
      ->capture_default_str();
  read_command_line(options, argc, argv);
  return run_program(options, crawl_as_member(given));
}
