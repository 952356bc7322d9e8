// Follows a list that is spread over pages from one to the next, so many pages at most, and prints what is on it: a spider that gives one
// link of each page, and a pipeline that prints.
// Run: next_pages URL --next '//a[@rel="next"]/@href' --show '//h2' [--limit N]
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <hocket/crawl/crawler.hpp>
#include <hocket/url/without_user.hpp>

#include "html_document.hpp"
#include "program.hpp"

namespace crawl = hocket::crawl;

struct arguments {
  std::string url;
  std::string next = "//a[@rel='next']/@href";
  std::string show;
  std::uint64_t limit = 10;
};

class list_spider final : public crawl::spider {
 public:
  list_spider(const std::string& next, const std::string& show) : next_(next), show_(show) {}

  [[nodiscard]] bool wants(const hocket::http::response& head) const override { return html_.wants(head); }
  [[nodiscard]] std::unique_ptr<crawl::page_reader> make_reader(std::uint64_t) const override {
    return std::make_unique<reader>(*this);
  }

 private:
  class reader final : public crawl::page_reader {
   public:
    explicit reader(const list_spider& wanted) : wanted_(wanted) {}

    void begin(const hocket::http::response& head) override {
      charset_ = head.charset();
      page_.clear();
    }

    void feed(std::string_view piece) override { page_ += piece; }

    crawl::findings& finish(const hocket::url& document) override {
      found_ = {};
      html_document page(page_, charset_.empty() ? nullptr : charset_.c_str());
      const xpath itself("string(.)");
      for (xmlNode* each : page.nodes(wanted_.show_)) found_.items.push_back(page.text(itself, each));
      if (const std::string next = page.text(wanted_.next_); !next.empty())
        if (auto link = hocket::url::parse(next, document)) found_.links.push_back({link->without_fragment(), false});
      return found_;
    }

   private:
    const list_spider& wanted_;
    std::string charset_;
    std::string page_;
    crawl::findings found_;
  };

  xpath next_, show_;
  crawl::link_spider html_;
};

/// Prints; there is nothing to be written later.
class printer final : public crawl::pipeline {
 public:
  void add_page(const crawl::page_record& page, std::span<const crawl::page_link>) override {
    if (!page.error.empty())
      fmt::print(stderr, "next_pages: {}: {}\n", hocket::without_user(*hocket::url::parse(page.url)), page.error);
  }
  void add_item(std::string_view, std::string_view item) override { fmt::print("{}\n", item); }
  [[nodiscard]] bool is_full() const noexcept override { return false; }
  hocket::coro<void> flush() override { co_return; }
  hocket::coro<void> finish(std::string) override { co_return; }
};

hocket::coro<void> follow(arguments given) {
  const auto start = hocket::url::parse(given.url);
  if (!start) throw std::invalid_argument(fmt::format("'{}' is no URL", hocket::without_user(given.url)));
  printer out;
  crawl::crawler work({.seeds = {*start}, .max_pages = given.limit}, out, {},
                      {.spider = std::make_shared<list_spider>(given.next, given.show)});
  co_await work.run();
  const auto result = work.progress();
  if (result.skipped.contains("limit"))
    fmt::print(stderr, "next_pages: there is more behind {} pages (--limit)\n", given.limit);
  if (result.failed > 0) throw std::runtime_error("the list breaks off");
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Prints a list that is spread over pages.", "next_pages");
  options.add_option("URL", given.url, "its first page")->required();
  options.add_option("--next", given.next, "where a page has the address of the next one")
      ->type_name("XPATH")
      ->check(is_xpath)
      ->capture_default_str();
  options.add_option("--show", given.show, "what of it to print")->type_name("XPATH")->check(is_xpath)->required();
  options.add_option("--limit", given.limit, "pages to read at most")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000}));
  read_command_line(options, argc, argv);
  return run_program(options, follow(given));
}
