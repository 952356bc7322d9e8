// Follows the links of a site and takes records from its pages into FOLDER/items.jsonl, by XPath: a spider of one's own around hocket's,
// which still finds the links.
// Run: extract_records URL FOLDER --each '//article' --field 'title=.//h2' --field 'link=.//h2/a/@href' [--max-pages N]
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <hocket/crawl/crawler.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/url/without_user.hpp>

#include "html_document.hpp"
#include "program.hpp"

namespace crawl = hocket::crawl;

/// What a record is, and where in it its fields are.
struct recipe {
  xpath each;
  std::vector<std::pair<std::string, xpath>> fields;
};

class record_spider final : public crawl::spider {
 public:
  explicit record_spider(recipe wanted) : wanted_(std::move(wanted)) {}

  [[nodiscard]] bool wants(const hocket::http::response& head) const override { return links_.wants(head); }
  [[nodiscard]] std::unique_ptr<crawl::page_reader> make_reader(std::uint64_t seed) const override {
    return std::make_unique<reader>(wanted_, links_.make_reader(seed));
  }

 private:
  class reader final : public crawl::page_reader {
   public:
    reader(const recipe& wanted, std::unique_ptr<crawl::page_reader> links)
        : wanted_(wanted), links_(std::move(links)) {}

    void begin(const hocket::http::response& head) override {
      links_->begin(head);
      charset_ = head.charset();
      page_.clear();
    }

    void feed(std::string_view piece) override {
      links_->feed(piece);
      page_ += piece;  // the crawler stops at crawl_options::max_body_bytes
    }

    crawl::findings& finish(const hocket::url& document) override {
      crawl::findings& found = links_->finish(document);
      found.items.clear();
      html_document page(page_, charset_.empty() ? nullptr : charset_.c_str());
      for (xmlNode* each : page.nodes(wanted_.each)) {
        nlohmann::ordered_json record;
        for (const auto& [name, where] : wanted_.fields) record[name] = page.text(where, each);
        found.items.push_back(record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
      }
      return found;
    }

   private:
    const recipe& wanted_;
    std::unique_ptr<crawl::page_reader> links_;
    std::string charset_;
    std::string page_;
  };

  recipe wanted_;
  crawl::link_spider links_;
};

struct arguments {
  std::string url, folder, each;
  std::vector<std::string> fields;
  std::optional<std::uint64_t> max_pages;
};

std::string is_field(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos) return fmt::format("'{}' is not NAME=XPATH", text);
  return is_xpath(text.substr(equals + 1));
}

recipe recipe_of(const arguments& given) {
  recipe wanted{.each = xpath(given.each), .fields = {}};
  for (const std::string& field : given.fields) {
    const std::size_t equals = field.find('=');
    wanted.fields.emplace_back(field.substr(0, equals), xpath(field.substr(equals + 1)));
  }
  return wanted;
}

hocket::coro<void> extract(arguments given) {
  const auto start = hocket::url::parse(given.url);
  if (!start) throw std::invalid_argument(fmt::format("'{}' is no URL", hocket::without_user(given.url)));
  auto wanted = std::make_shared<record_spider>(recipe_of(given));
  auto out = co_await crawl::output::open(given.folder);
  std::size_t records = 0;
  crawl::crawler work({.seeds = {*start}, .max_pages = given.max_pages}, out,
                      {.on_item = [&records](const hocket::url&, std::string_view) { ++records; }},
                      {.spider = std::move(wanted)});
  co_await work.run();
  const auto result = work.progress();
  fmt::print("{} records on {} pages -> {}/items.jsonl\n", records, result.pages, given.folder);
  if (result.ok == 0) throw std::runtime_error(fmt::format("nothing was read; {}/pages.jsonl tells why", given.folder));
}

int main(int argc, char** argv) {
  arguments given;
  CLI::App options("Takes records from the pages of a site.", "extract_records");
  options.add_option("URL", given.url, "where to begin")->required();
  options.add_option("FOLDER", given.folder, "where to write")->required();
  options.add_option("--each", given.each, "what on a page is a record")
      ->required()
      ->type_name("XPATH")
      ->check(is_xpath);
  options.add_option("--field", given.fields, "a field, and where in the record it is; may be repeated")
      ->required()
      ->type_name("NAME=XPATH")
      ->check(is_field)
      ->allow_extra_args(false);
  options.add_option("--max-pages", given.max_pages, "pages to read at most")->type_name("N");
  read_command_line(options, argc, argv);
  return run_program(options, extract(given));
}
