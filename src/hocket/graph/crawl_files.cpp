#include <algorithm>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <hocket/graph/crawl_files.hpp>
#include <hocket/graph/tab_fields.hpp>

namespace hocket::graph {
namespace {

constexpr std::string_view header = "source_url\tparsed_url";

bool is_name(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return !text.empty() && std::ranges::none_of(text, is_control);
}

/// The members of an object that was read; complains of what is missing or of another kind.
class members {
 public:
  members(const nlohmann::json& object, const line_reader& lines) : object_(object), lines_(lines) {}

  void take(std::string& to, const char* name) const {
    const auto& value = member(name);
    if (!value.is_string()) throw lines_.broken(fmt::format("\"{}\" is no text", name));
    to = value.get_ref<const std::string&>();
  }

  template <class Number>
  void take(Number& to, const char* name) const {
    const auto& value = member(name);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
      throw lines_.broken(fmt::format("\"{}\" is no number of its size", name));
    to = value.get<Number>();
  }

  void take_url(std::string& to, const char* name) const {
    take(to, name);
    if (!is_name(to)) throw lines_.broken(fmt::format("\"{}\" is no URL", name));
  }

  /// The "url" of each object of a list, which need not be there.
  void take_urls(std::vector<std::string>& to, const char* name) const {
    to.clear();
    const auto list = object_.find(name);
    if (list == object_.end()) return;
    if (!list->is_array()) throw lines_.broken(fmt::format("\"{}\" is no list", name));
    for (const auto& each : *list) members(each, lines_).take_url(to.emplace_back(), "url");
  }

  void take_if_there(std::string& to, const char* name) const {
    to.clear();
    if (object_.contains(name)) take(to, name);
  }

  void take_if_not_null(std::string& to, const char* name) const {
    to.clear();
    if (!member(name).is_null()) take(to, name);
  }

 private:
  [[nodiscard]] const nlohmann::json& member(const char* name) const {
    const auto found = object_.find(name);  // the end of what is no object
    if (found == object_.end()) throw lines_.broken(fmt::format("there is no \"{}\"", name));
    return *found;
  }

  const nlohmann::json& object_;
  const line_reader& lines_;
};

}  // namespace

links_reader::links_reader(const std::string& directory) : lines_(directory + "/links.tsv") {
  const auto first = lines_.next();
  if (first && *first != header) throw lines_.broken("is not the header of a crawl's links");
}

std::optional<link_row> links_reader::next() {
  const auto line = lines_.next();
  if (!line) return std::nullopt;
  const std::size_t tab = line->find('\t');
  if (tab == std::string_view::npos) throw lines_.broken("there is no tab");
  const link_row row{line->substr(0, tab), line->substr(tab + 1)};
  if (!is_name(row.source) || !is_name(row.target)) throw lines_.broken("is not two URLs with a tab between them");
  return row;
}

resources_reader::resources_reader(const std::string& directory) {
  const std::string path = directory + "/resources.tsv";
  if (::access(path.c_str(), F_OK) != 0) return;
  static_cast<void>(lines_.emplace(path).next());  // the header
}

std::optional<resource_row> resources_reader::next() {
  const auto line = lines_ ? lines_->next() : std::nullopt;
  if (!line) return std::nullopt;
  const auto [source, target, kind] = tab_fields<3>(*line, *lines_);
  return resource_row{source, target, kind};
}

pages_reader::pages_reader(const std::string& directory) : lines_(directory + "/pages.jsonl") {}

const page_row* pages_reader::next() {
  const auto line = lines_.next();
  if (!line) return nullptr;
  size_ = line->size() + 1;
  const auto object = nlohmann::json::parse(*line, nullptr, false);
  if (!object.is_object()) throw lines_.broken("is no JSON object");
  const members found(object, lines_);
  found.take_url(row_.url, "url");
  found.take_url(row_.final_url, "final_url");
  found.take(row_.status, "status");
  found.take(row_.content_type, "content_type");
  found.take(row_.bytes, "bytes");
  found.take(row_.depth, "depth");
  found.take(row_.milliseconds, "ms");
  found.take_urls(row_.redirects, "redirects");
  found.take_if_there(row_.etag, "etag");
  found.take_if_there(row_.last_modified, "last_modified");
  found.take_if_there(row_.hash, "hash");
  found.take_if_there(row_.archived, "archived");
  found.take_if_not_null(row_.error, "error");
  return &row_;
}

}  // namespace hocket::graph
