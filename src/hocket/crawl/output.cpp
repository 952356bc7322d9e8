#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <expected>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/base/json_string.hpp>
#include <hocket/core/as_result.hpp>
#include <hocket/crawl/output.hpp>
#include <hocket/exec/to_thread.hpp>
#include <hocket/loop/loop.hpp>
#include <hocket/url/percent_encoding.hpp>

namespace hocket::crawl {

static constexpr std::size_t worth_a_write = 256 * 1024;

static error cannot(const char* what, const std::string& path, const std::error_code& why) {
  return error(fmt::format("cannot {} '{}': {}", what, path, why.message()));
}

coro<line_file> line_file::open(std::string path) {
  line_file made(std::move(path));
  auto opened = co_await as_expected(file::open(made.path_, O_WRONLY | O_CREAT | O_APPEND));
  if (!opened) throw cannot("write", made.path_, opened.error());
  made.file_ = std::move(*opened);
  if (::flock(made.file_.number(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw error(fmt::format("'{}' is being written by another process", made.path_));
  co_return made;
}

coro<line_file> line_file::create(std::string path) {
  line_file made = co_await open(std::move(path));
  made.cut();
  co_return made;
}

coro<line_file> line_file::reopen(std::string path, std::uint64_t size) {
  line_file made = co_await open(std::move(path));
  struct stat there{};
  if (::fstat(made.file_.number(), &there) != 0)
    throw cannot("resume", made.path_, std::error_code(errno, std::system_category()));
  if (static_cast<std::uint64_t>(there.st_size) < size)
    throw lines_missing(fmt::format("cannot resume '{}': {} bytes of {} are there", made.path_, there.st_size, size));
  made.size_ = size;
  co_return made;
}

void line_file::cut() {
  if (::ftruncate(file_.number(), static_cast<off_t>(size_)) != 0 && errno != EINVAL)  // EINVAL: no regular file
    throw cannot("cut", path_, std::error_code(errno, std::system_category()));
}

bool line_file::is_full() const noexcept { return lines_.size() >= worth_a_write; }

coro<void> line_file::flush() {
  const auto held = co_await writing_->scoped_lock();
  if (lines_.empty()) co_return;
  being_written_.clear();
  std::swap(being_written_, lines_);
  std::expected<void, std::error_code> written;
  try {
    written = co_await as_expected(file_.write(being_written_));
  } catch (const cancelled&) {
    take_back();
    throw;
  }
  if (!written) {
    take_back();
    throw cannot("write", path_, written.error());
  }
  size_ += being_written_.size();
  being_written_.clear();
}

coro<void> line_file::sync() {
  const auto synced = co_await as_expected(file_.fdatasync());
  if (!synced && synced.error() != std::errc::invalid_argument)  // no regular file: nothing to sync
    throw cannot("sync", path_, synced.error());
}

// A part of the lines may be in the file, nobody knows how much: takes it out, and the lines wait for the next write.
void line_file::take_back() {
  static_cast<void>(::ftruncate(file_.number(), static_cast<off_t>(size_)));
  lines_.insert(0, being_written_);
  being_written_.clear();
}

bool late_line_file::is_full() const noexcept { return fresh_.size() >= worth_a_write; }

std::uint64_t late_line_file::size() const noexcept {
  if (file_) return file_->size() + fresh_.size();
  return fresh_.empty() && !is_expected_ ? 0 : std::string_view(header_).size() + fresh_.size();
}

void late_line_file::remove(const std::string& directory) const { ::unlink((directory + "/" + name_).c_str()); }

coro<void> late_line_file::reopen(std::string directory, std::uint64_t size) {
  if (size > 0) file_ = co_await line_file::reopen(directory + "/" + name_, size);
}

void late_line_file::cut(const std::string& directory) {
  if (file_)
    file_->cut();
  else
    remove(directory);
}

coro<void> late_line_file::flush(std::string directory) {
  if (!file_) {
    if (fresh_.empty() && !is_expected_) co_return;
    file_ = co_await line_file::create(directory + "/" + name_);
    file_->lines() += header_;
  }
  file_->lines() += std::exchange(fresh_, {});
  co_await file_->flush();
}

coro<void> late_line_file::sync() {
  if (file_) co_await file_->sync();
}

static coro<void> make_directory(const std::string& directory) {
  const std::error_code failed = co_await to_thread([directory] {
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    return problem;
  });
  if (failed) throw cannot("make", directory, failed);
}

static std::string path_of_id(const std::string& directory) { return directory + "/crawl.id"; }

static coro<std::string> read_id(std::string directory) {
  co_return co_await to_thread([path = path_of_id(directory)] {
    std::ifstream file(path);
    std::string id;
    std::getline(file, id);
    return id;
  });
}

coro<output> output::open(std::string directory) {
  co_await make_directory(directory);
  auto links = co_await line_file::create(directory + "/links.tsv");
  auto pages = co_await line_file::create(directory + "/pages.jsonl");
  links.lines() += "source_url\tparsed_url\n";
  for (const std::string& path : {directory + "/summary.json", directory + "/changes.tsv", path_of_id(directory)})
    ::unlink(path.c_str());  // of an earlier crawl; this one may end without
  std::string id = fmt::format("{:016x}", loop::running().random()());
  output made(std::move(directory), std::move(id), std::move(links), std::move(pages));
  for (const late_line_file& each : made.late_) each.remove(made.directory_);
  co_return made;
}

// Whose files, and the sizes of links.tsv, pages.jsonl and the late files; 0 for one that is not there.
std::string output::position() const {
  std::string text = fmt::format("{} {} {}", id_, links_.size(), pages_.size() + listed_.size() + in_flight_pages_);
  for (const late_line_file& each : late_) fmt::format_to(std::back_inserter(text), " {}", each.size());
  return text;
}

// Nothing is taken away before it is known that all of it is this crawl's and there.
coro<output> output::reopen(std::string directory, std::string position) {
  std::istringstream text(position);
  std::string id;
  std::array<std::uint64_t, 2 + std::tuple_size_v<decltype(late_)>> sizes{};
  text >> id;
  for (std::uint64_t& each : sizes)
    if (!(text >> each)) throw error(fmt::format("cannot resume '{}': '{}' is no position in it", directory, position));
  const std::string there = co_await read_id(directory);
  if (there != id)
    throw error(
        fmt::format("'{}' does not hold the files of this crawl: give --out the directory where it began", directory));
  auto links = co_await line_file::reopen(directory + "/links.tsv", sizes[0]);
  auto pages = co_await line_file::reopen(directory + "/pages.jsonl", sizes[1]);
  output made(directory, std::move(id), std::move(links), std::move(pages));
  made.has_id_file_ = true;
  for (std::size_t n = 0; n < made.late_.size(); ++n) co_await made.late_[n].reopen(directory, sizes[2 + n]);
  made.links_.cut();
  made.pages_.cut();
  for (late_line_file& each : made.late_) each.cut(directory);
  ::unlink((directory + "/summary.json").c_str());
  co_return made;
}

// URLs need nothing done to them, and entity tags a backslash before their quotes: JSON's library is for the rest.
// Most pages declare nothing, and have no keys for it.
static void add_declarations(std::string& line, const page_declarations& declared) {
  if (const std::string_view robots = declared.robots.text(); !robots.empty())
    line.append(",\"robots\":\"").append(robots).append("\"");
  if (!declared.canonical.empty()) {
    line += ",\"canonical\":";
    append_json_string(line, declared.canonical);
  }
  if (declared.alternates.empty()) return;
  char before = '[';
  line += ",\"alternates\":";
  for (const auto& each : declared.alternates) {
    line += std::exchange(before, ',');
    line += "{\"hreflang\":";
    append_json_string(line, each.hreflang);
    line += ",\"href\":";
    append_json_string(line, each.href);
    line += '}';
  }
  line += ']';
}

static void add_redirects(std::string& line, std::span<const http::redirect_hop> hops) {
  char before = '[';
  line += ",\"redirects\":";
  for (const http::redirect_hop& hop : hops) {
    line += std::exchange(before, ',');
    line += "{\"url\":";
    append_json_string(line, hop.from.href());
    fmt::format_to(std::back_inserter(line), ",\"status\":{}}}", hop.status);
  }
  line += ']';
}

void output::add_links(std::string_view page, std::span<const page_link> links) {
  std::string& rows = links_.lines();
  for (const page_link& link : links) {
    const std::size_t row = rows.size();
    rows.append(page).append("\t").append(link.url.href()).append("\n");
    if (link.nofollow) lines_of(nofollow).append(rows, row);
  }
}

void output::add_page(const page_record& page, std::span<const page_link> links) {
  add_links(page.final_url, links);
  if (page.elements != nullptr) add_elements(page.final_url, *page.elements);
  std::string& line = listed_;
  const auto add_text = [&line](const char* name, std::string_view text) {
    line += name;
    append_json_string(line, text);
  };
  const auto add_number = [&line](const char* name, auto number) {
    const fmt::format_int digits(number);
    line.append(name).append(digits.data(), digits.size());
  };
  add_text("{\"url\":", page.url);
  add_text(",\"final_url\":", page.final_url);
  add_number(",\"status\":", page.status);
  add_text(",\"content_type\":", page.content_type);
  add_number(",\"bytes\":", page.bytes);
  add_number(",\"depth\":", page.depth);
  add_number(",\"links\":", page.links);
  add_number(",\"ms\":", page.milliseconds);
  if (page.validators != nullptr && !page.validators->etag.empty()) add_text(",\"etag\":", page.validators->etag);
  if (page.validators != nullptr && !page.validators->last_modified.empty())
    add_text(",\"last_modified\":", page.validators->last_modified);
  if (page.content_hash) fmt::format_to(std::back_inserter(line), ",\"hash\":\"{:016x}\"", *page.content_hash);
  if (page.lease != 0) add_number(",\"lease\":", page.lease);
  if (!page.archived.empty()) add_text(",\"archived\":", page.archived);
  if (page.declared != nullptr) add_declarations(line, *page.declared);
  if (!page.redirects.empty()) add_redirects(line, page.redirects);
  if (page.is_partial) line += ",\"partial\":true";
  if (page.error.empty())
    line += ",\"error\":null";
  else
    add_text(",\"error\":", page.error);
  line += "}\n";
}

// Names of places are percent-encoded, so that whatever they hold they are one field.
void output::add_elements(std::string_view page, const page_elements& elements) {
  if (elements.wanted.resources) late_[resources].expect();
  for (const late_file each : {anchors, fragments})
    if (elements.wanted.fragments) late_[each].expect();
  std::string& references = lines_of(resources);
  for (const auto& each : elements.resources)
    references.append(page).append("\t").append(each.url).append("\t").append(name_of(each.kind)).append("\n");
  std::string& places = lines_of(anchors);
  for (const std::string& each : elements.anchors)
    places.append(page).append("\t").append(percent_encode_path(each)).append("\n");
  std::string& links = lines_of(fragments);
  for (const auto& each : elements.fragment_links)
    links.append(page).append("\t").append(each.url).append("\t").append(each.fragment).append("\n");
}

void output::add_item(std::string_view page, std::string_view json) {
  std::string& lines = lines_of(items);
  lines += "{\"page\":";
  append_json_string(lines, page);
  lines.append(",\"item\":").append(json).append("}\n");
}

bool output::is_full() const noexcept {
  return links_.is_full() || listed_.size() >= worth_a_write ||
         std::ranges::any_of(late_, [](const late_line_file& each) { return each.is_full(); });
}

// A page is on file only when all of its links and items are: the lines of all are taken at the same moment, and those of pages
// written last.
coro<void> output::flush() {
  const auto held = co_await flushing_->scoped_lock();
  std::string pages = std::exchange(listed_, {});
  in_flight_pages_ = pages.size();
  try {
    co_await links_.flush();
    co_await flush_late_files();
  } catch (...) {
    listed_.insert(0, pages);
    in_flight_pages_ = 0;
    throw;
  }
  pages_.lines() += pages;
  in_flight_pages_ = 0;
  co_await pages_.flush();
}

coro<void> output::flush_late_files() {
  for (late_line_file& each : late_) co_await each.flush(directory_);
}

coro<void> output::sync() {
  if (!has_id_file_) co_await write_id();
  co_await links_.sync();
  co_await pages_.sync();
  for (late_line_file& each : late_) co_await each.sync();
  co_await sync_directory();
}

// What is never synced is never resumed, and needs none.
coro<void> output::write_id() {
  const std::string path = path_of_id(directory_);
  auto opened = co_await as_expected(file::open(path, O_WRONLY | O_CREAT | O_TRUNC));
  if (!opened) throw cannot("write", path, opened.error());
  const std::string line = id_ + "\n";
  const auto written = co_await as_expected(opened->write(line));
  if (!written) throw cannot("write", path, written.error());
  const auto synced = co_await as_expected(opened->fdatasync());
  if (!synced) throw cannot("sync", path, synced.error());
  has_id_file_ = true;
}

// The names of the files.
coro<void> output::sync_directory() {
  const std::size_t files = static_cast<std::size_t>(
      std::ranges::count_if(late_, [](const late_line_file& each) { return each.size() > 0; }));
  if (std::exchange(files_synced_, files + 1) == files + 1) co_return;
  auto opened = co_await as_expected(file::open(directory_, O_RDONLY | O_DIRECTORY));
  if (!opened) throw cannot("sync", directory_, opened.error());
  const auto synced = co_await as_expected(opened->fsync());
  if (!synced) throw cannot("sync", directory_, synced.error());
}

coro<void> output::finish(std::string summary) {
  const std::string path = directory_ + "/summary.json";
  const std::string draft = path + ".new";
  auto opened = co_await as_expected(file::open(draft, O_WRONLY | O_CREAT | O_TRUNC));
  if (!opened) throw cannot("write", draft, opened.error());
  const auto written = co_await as_expected(opened->write(summary));
  if (!written) throw cannot("write", draft, written.error());
  const int error = co_await to_thread([&] { return std::rename(draft.c_str(), path.c_str()) == 0 ? 0 : errno; });
  if (error != 0) throw cannot("write", path, std::error_code(error, std::system_category()));
}

}  // namespace hocket::crawl
