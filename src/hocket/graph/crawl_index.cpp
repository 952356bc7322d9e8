// A crawl appends all rows of a page at once, so each page has one span in each file. One whose rows stand apart (somebody has sorted the file) is
// taken for unknown.

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/graph/crawl_files.hpp>
#include <hocket/graph/crawl_index.hpp>
#include <hocket/graph/scratch.hpp>

namespace hocket::graph {
namespace {

constexpr std::array<const char*, 6> names{"/pages.jsonl",   "/links.tsv",   "/nofollow.tsv",
                                           "/resources.tsv", "/anchors.tsv", "/fragments.tsv"};

error cannot(const char* what, const std::string& path, int why) {
  return error(fmt::format("cannot {} '{}': {}", what, path, std::system_category().message(why)));
}

}  // namespace

crawl_index::crawl_index(const std::string& directory, const std::string& scratch, std::uint64_t seed)
    : urls_(scratch, seed), texts_(scratch, seed), places_(scratch) {
  for (std::size_t n = 0; n < names.size(); ++n) paths_[n] = directory + names[n];
  texts_.insert("");
}

crawl_index::crawl_index(crawl_index&& other) noexcept
    : paths_(std::move(other.paths_)),
      numbers_(std::exchange(other.numbers_, {-1, -1, -1, -1, -1, -1})),
      urls_(std::move(other.urls_)),
      texts_(std::move(other.texts_)),
      places_(std::move(other.places_)) {}

crawl_index::~crawl_index() {
  for (const int number : numbers_)
    if (number >= 0) ::close(number);
}

crawl_index crawl_index::read(const std::string& directory, const graph_options& options) {
  const pages_reader is_there(directory);  // says what is missing, before a scratch file in a folder that is none
  crawl_index result(directory, scratch_in(options.scratch_directory, directory), options.seed);
  for (std::size_t n = 0; n < names.size(); ++n) {
    result.numbers_[n] = ::open(result.paths_[n].c_str(), O_RDONLY | O_CLOEXEC);
    if (result.numbers_[n] < 0 && errno != ENOENT) throw cannot("open", result.paths_[n], errno);
  }
  result.read_pages(directory);
  for (const file each : {file::links, file::nofollow, file::resources, file::anchors, file::fragments})
    if (result.has(each)) result.read_rows(each);
  return result;
}

void crawl_index::read_pages(const std::string& directory) {
  pages_reader rows(directory);
  while (const page_row* const row = rows.next()) {
    if (row->status != 200 || !row->error.empty() || (row->etag.empty() && row->last_modified.empty())) continue;
    const node page = urls_.insert(row->final_url);
    const bool is_new = page == places_.size();
    if (is_new) places_.push_back({});
    place& where = places_[page];
    where.is_scattered = !is_new;
    where.rows[0] = {rows.offset(), rows.size()};
    where.etag = texts_.insert(row->etag);
    where.last_modified = texts_.insert(row->last_modified);
    where.archived = texts_.insert(row->archived);
  }
}

void crawl_index::read_rows(file which) {
  const auto number = static_cast<std::size_t>(which);
  line_reader lines(paths_[number]);
  static_cast<void>(lines.next());  // the header
  std::string source;
  place* its = nullptr;
  while (const auto line = lines.next()) {
    const std::string_view from = line->substr(0, line->find('\t'));
    if (from.size() == line->size() || from.empty()) throw lines.broken("is no row of a page");
    if (from != source) {
      source = from;
      const auto page = urls_.find(from);
      its = page ? &places_[*page] : nullptr;
      if (its != nullptr && its->rows[number].size != 0) its->is_scattered = true;
      if (its != nullptr) its->rows[number] = {lines.offset(), 0};
    }
    if (its != nullptr) its->rows[number].size = lines.offset() + line->size() + 1 - its->rows[number].offset;
  }
}

std::optional<node> crawl_index::find(std::string_view url) const noexcept {
  const auto page = urls_.find(url);
  return page && !places_[*page].is_scattered ? page : std::nullopt;
}

crawl_index::state crawl_index::state_of(node page) const noexcept {
  const place& where = places_[page];
  return {texts_[where.etag], texts_[where.last_modified], texts_[where.archived]};
}

std::string crawl_index::lines_of(node page, file which) const {
  const auto number = static_cast<std::size_t>(which);
  const span where = places_[page].rows[number];
  std::string text(where.size, '\0');
  for (std::size_t got = 0; got < text.size();) {
    const ssize_t more =
        ::pread(numbers_[number], text.data() + got, text.size() - got, static_cast<off_t>(where.offset + got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) throw cannot("read", paths_[number], errno);
    if (more == 0) throw error(fmt::format("'{}' has become shorter", paths_[number]));
    got += static_cast<std::size_t>(more);
  }
  return text;
}

}  // namespace hocket::graph
