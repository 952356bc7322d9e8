// Two passes over the lines of pages: which record of each URL counts, and then these with what belongs to them. In each part the rows of
// links.tsv stand in the order of the pages, as many for a page as it says; in the other files the rows of a page stand together, with
// its URL first.

#include "merge.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <hocket/base/text_hash.hpp>

#include "command.hpp"

namespace hocket::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t seed_of_digests = 0x686f636b6574;
constexpr std::array other_files{"nofollow.tsv", "resources.tsv", "anchors.tsv", "fragments.tsv", "items.jsonl"};

/// The whole lines of a file: what comes behind the last newline was not written to its end.
class line_reader {
 public:
  explicit line_reader(const fs::path& path) : file_(path, std::ios::binary) { read(); }

  [[nodiscard]] bool at_end() const noexcept { return !has_line_; }
  [[nodiscard]] const std::string& line() const noexcept { return line_; }
  void next() { read(); }

 private:
  void read() { has_line_ = static_cast<bool>(std::getline(file_, line_)) && !file_.eof(); }

  std::ifstream file_;
  std::string line_;
  bool has_line_ = false;
};

// Lines of pages are hocket's own: a quote within a text has a backslash before it, so a key is found by its text.
std::string_view text_behind(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + key.size());
  return rest.substr(0, rest.find('"'));
}

std::uint64_t number_behind(std::string_view line, std::string_view key) {
  const std::size_t at = line.find(key);
  std::uint64_t number = 0;
  if (at != std::string_view::npos) std::from_chars(line.data() + at + key.size(), line.data() + line.size(), number);
  return number;
}

std::string_view url_of(std::string_view line) { return text_behind(line, "{\"url\":\""); }
std::string_view final_url_of(std::string_view line) { return text_behind(line, ",\"final_url\":\""); }

/// Which record of a URL counts.
struct best_record {
  std::uint64_t lease = 0;
  std::uint32_t part = 0;
  std::uint32_t line = 0;
};
using best_records = std::unordered_map<std::uint64_t, best_record>;

std::vector<fs::path> parts_in(const std::vector<std::string>& given) {
  std::vector<fs::path> parts;
  for (const std::string& each : given) {
    if (fs::exists(fs::path(each) / "pages.jsonl")) {
      parts.emplace_back(each);
      continue;
    }
    std::vector<fs::path> inside;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(each, problem))
      if (fs::exists(entry.path() / "pages.jsonl")) inside.push_back(entry.path());
    if (inside.empty()) throw failure(fmt::format("'{}' holds no crawl, and no parts of one", each), wrong_usage);
    std::ranges::sort(inside);
    std::ranges::move(inside, std::back_inserter(parts));
  }
  return parts;
}

best_records find_best(const std::vector<fs::path>& parts) {
  best_records best;
  for (std::uint32_t part = 0; part < parts.size(); ++part) {
    std::uint32_t number = 0;
    for (line_reader pages(parts[part] / "pages.jsonl"); !pages.at_end(); pages.next(), ++number) {
      const best_record mine{number_behind(pages.line(), ",\"lease\":"), part, number};
      best_record& known = best.try_emplace(wide_text_hash(url_of(pages.line()), seed_of_digests), mine).first->second;
      if (mine.lease >= known.lease) known = mine;
    }
  }
  return best;
}

std::ofstream create(const fs::path& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) throw failure(fmt::format("cannot write '{}'", path.string()), work_failed);
  return file;
}

void close(std::ofstream& file, const fs::path& path) {
  file.close();
  if (!file) throw failure(fmt::format("cannot write '{}'", path.string()), work_failed);
}

// The rows of one page in a file that may have none of it.
class other_rows {
 public:
  other_rows(const fs::path& part, const char* name)
      : rows_(part / name), is_json_(std::string_view(name).ends_with("jsonl")) {}

  /// The header, if there is the file.
  [[nodiscard]] std::optional<std::string> header() {
    if (rows_.at_end() || is_json_) return std::nullopt;
    std::string first = rows_.line();
    rows_.next();
    return first;
  }

  template <class Take>
  void each_of(std::string_view page, const Take& take) {
    for (; !rows_.at_end() && page_of(rows_.line()) == page; rows_.next()) take(rows_.line());
  }

 private:
  [[nodiscard]] std::string_view page_of(std::string_view row) const {
    return is_json_ ? text_behind(row, "{\"page\":\"") : row.substr(0, row.find('\t'));
  }

  line_reader rows_;
  bool is_json_;
};

class merger {
 public:
  explicit merger(fs::path out)
      : out_(std::move(out)), pages_(create(out_ / "pages.jsonl")), links_(create(out_ / "links.tsv")) {
    links_ << "source_url\tparsed_url\n";
  }

  void add(const fs::path& part, std::uint32_t number, const best_records& best) {
    line_reader links(part / "links.tsv");
    if (!links.at_end()) links.next();
    std::vector<other_rows> others;
    for (std::size_t n = 0; n < other_files.size(); ++n) {
      others.emplace_back(part, other_files[n]);
      if (const auto header = others.back().header()) begin_other(n, *header + "\n");
    }
    std::uint32_t at = 0;
    for (line_reader pages(part / "pages.jsonl"); !pages.at_end(); pages.next(), ++at) {
      const std::string& line = pages.line();
      const best_record& counts = best.at(wide_text_hash(url_of(line), seed_of_digests));
      const bool is_kept = counts.part == number && counts.line == at;
      for (std::uint64_t left = number_behind(line, ",\"links\":"); left > 0; --left, links.next()) {
        if (links.at_end())
          throw failure(fmt::format("'{}' lacks rows of {}", (part / "links.tsv").string(), url_of(line)), work_failed);
        if (is_kept) links_ << links.line() << '\n';
      }
      for (std::size_t n = 0; n < others.size(); ++n)
        others[n].each_of(final_url_of(line), [&](const std::string& row) {
          if (!is_kept) return;
          begin_other(n, "");
          *others_[n] << row << '\n';
        });
      if (is_kept)
        count(line);
      else
        ++result_.left_out;
    }
    add_summary(part);
    ++result_.parts;
  }

  merged_crawl finish() {
    close(pages_, out_ / "pages.jsonl");
    close(links_, out_ / "links.tsv");
    for (std::size_t n = 0; n < others_.size(); ++n)
      if (others_[n]) close(*others_[n], out_ / other_files[n]);
    nlohmann::ordered_json summary;
    summary["pages"] = result_.pages;
    summary["ok"] = ok_;
    summary["failed"] = result_.pages - ok_;
    summary["skipped"] = nlohmann::ordered_json::object();
    for (const auto& [reason, number] : skipped_) summary["skipped"][reason] = number;
    summary["links"] = result_.links;
    summary["bytes"] = bytes_;
    summary["seconds"] = seconds_;
    summary["pages_per_second"] = seconds_ > 0 ? static_cast<double>(result_.pages) / seconds_ : 0.0;
    summary["cpu_seconds"] = cpu_seconds_;
    summary["max_rss_bytes"] = max_rss_bytes_;
    summary["parts"] = result_.parts;
    std::ofstream file = create(out_ / "summary.json");
    file << summary.dump(2) << '\n';
    close(file, out_ / "summary.json");
    return result_;
  }

 private:
  void begin_other(std::size_t which, const std::string& header) {
    if (others_[which]) return;
    others_[which] = create(out_ / other_files[which]);
    *others_[which] << header;
  }

  void count(const std::string& line) {
    pages_ << line << '\n';
    ++result_.pages;
    result_.links += number_behind(line, ",\"links\":");
    bytes_ += number_behind(line, ",\"bytes\":");
    if (line.ends_with(",\"error\":null}")) ++ok_;
  }

  void add_summary(const fs::path& part) {
    std::ifstream file(part / "summary.json");
    const auto summary = nlohmann::json::parse(file, nullptr, false);
    if (!summary.is_object()) {
      ++result_.unfinished;
      return;
    }
    if (const auto skipped = summary.find("skipped"); skipped != summary.end() && skipped->is_object())
      for (const auto& [reason, number] : skipped->items())
        if (number.is_number_unsigned()) skipped_[reason] += number.get<std::uint64_t>();
    seconds_ = std::max(seconds_, summary.value("seconds", 0.0));
    cpu_seconds_ += summary.value("cpu_seconds", 0.0);
    max_rss_bytes_ = std::max(max_rss_bytes_, summary.value("max_rss_bytes", std::uint64_t{0}));
  }

  fs::path out_;
  std::ofstream pages_;
  std::ofstream links_;
  std::array<std::optional<std::ofstream>, other_files.size()> others_{};
  std::map<std::string, std::uint64_t> skipped_;
  merged_crawl result_;
  std::uint64_t ok_ = 0;
  std::uint64_t bytes_ = 0;
  double seconds_ = 0;
  double cpu_seconds_ = 0;
  std::uint64_t max_rss_bytes_ = 0;
};

}  // namespace

merged_crawl merge_parts(const std::string& out, const std::vector<std::string>& given) {
  const std::vector<fs::path> parts = parts_in(given);
  std::error_code problem;
  fs::create_directories(out, problem);
  if (problem) throw failure(fmt::format("cannot make '{}': {}", out, problem.message()), work_failed);
  for (const fs::path& each : parts)
    if (fs::equivalent(each, out)) throw failure(fmt::format("'{}' is one of the parts", out), wrong_usage);
  const best_records best = find_best(parts);
  merger all(out);
  for (std::uint32_t number = 0; number < parts.size(); ++number) all.add(parts[number], number, best);
  return all.finish();
}

}  // namespace hocket::app
