#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include <elf.h>
#include <fmt/format.h>

#include <hocket/inspect/core_memory.hpp>
#include <hocket/inspect/unreadable.hpp>

namespace hocket::inspect {

static constexpr std::size_t most_note_bytes = 64 * 1024;
static constexpr std::size_t most_parts = 1000;  // of a file; no linker makes so many

static std::string text_of(int error) {
  return error == EINVAL ? "it is no regular file" : std::generic_category().message(error);
}

core_memory::core_memory(const std::string& path, std::string program)
    : who_(fmt::format("the core dump '{}'", path)), core_(path) {
  if (core_.error() != 0)
    throw unreadable(unreadable::reason::no_core, fmt::format("cannot open {}: {}", who_, text_of(core_.error())));
  layout_ = detail::read_core_layout(core_, fmt::format("'{}'", path));
  find_program(std::move(program));
}

void core_memory::find_program(std::string now_at) {
  const mapping* of_program = mapping_at(layout_.program_headers);
  if (of_program == nullptr && !layout_.mappings.empty()) of_program = &layout_.mappings.front();
  if (of_program != nullptr) program_ = of_program->path;
  program_now_at_ = now_at.empty() ? program_ : std::move(now_at);
}

bool core_memory::read(address from, std::span<std::byte> to) {
  while (!to.empty()) {
    std::size_t count = 0;
    if (const segment* kept = segment_at(from)) {
      count = std::min(to.size(), kept->begin + kept->size - from);
      if (!core_.read(kept->offset + (from - kept->begin), to.first(count))) return false;
    } else if (const mapping* mapped = mapping_at(from)) {
      count = std::min({to.size(), mapped->end - from, next_segment(from) - from});
      if (!read_file(*mapped, from, to.first(count))) return false;
    } else {
      return false;
    }
    to = to.subspan(count);
    from += count;
  }
  return true;
}

// The last of those that begin at or before it.
template <class All>
static auto last_before(const All& all, address at) noexcept -> decltype(all.data()) {
  const auto after = std::ranges::upper_bound(all, at, {}, &All::value_type::begin);
  return after == all.begin() ? nullptr : &*std::prev(after);
}

auto core_memory::segment_at(address at) const noexcept -> const segment* {
  const segment* const found = last_before(layout_.segments, at);
  return found != nullptr && at - found->begin < found->size ? found : nullptr;
}

const mapping* core_memory::mapping_at(address at) const noexcept {
  const mapping* const found = last_before(layout_.mappings, at);
  return found != nullptr && at < found->end ? found : nullptr;
}

address core_memory::next_segment(address at) const noexcept {
  const auto next = std::ranges::upper_bound(layout_.segments, at, {}, &segment::begin);
  return next == layout_.segments.end() ? UINT64_MAX : next->begin;
}

bool core_memory::read_kept(address from, std::span<std::byte> to) const {
  const segment* const kept = segment_at(from);
  if (kept == nullptr || to.size() > kept->begin + kept->size - from) return false;
  return core_.read(kept->offset + (from - kept->begin), to);
}

bool core_memory::read_file(const mapping& of, address from, std::span<std::byte> to) {
  const auto& file = file_of(of.path);
  if (!file) return false;
  const std::uint64_t offset = of.offset + (from - of.begin);
  if (offset >= file->size()) return false;
  const std::size_t count = std::min<std::uint64_t>(to.size(), file->size() - offset);
  std::ranges::fill(to.subspan(count), std::byte{});  // what is left of its last page
  return file->read(offset, to.first(count));
}

const std::optional<detail::input_file>& core_memory::file_of(const std::string& path) {
  const auto [known, is_new] = files_.try_emplace(path);
  if (!is_new) return known->second;
  const bool is_program = path == program_;
  const std::string& now_at = is_program ? program_now_at_ : path;
  detail::input_file file(now_at);
  if (file.error() == 0 && is_same(file, path)) {
    known->second.emplace(std::move(file));
  } else if (is_program) {
    files_.erase(known);
    throw unreadable(unreadable::reason::no_program,
                     file.error() != 0
                         ? fmt::format("{} needs its program: cannot open '{}': {}; where is it (--exe)?", who_, now_at,
                                       text_of(file.error()))
                         : fmt::format("'{}' is not the program that left {}, but another, or built anew: "
                                       "where is that one (--exe)?",
                                       now_at, who_));
  }
  return known->second;
}

// Told by the beginning, which the system keeps of each: its program headers, and its notes, of which one may be an id of this build.
// What is stripped of its symbols remains the same.
bool core_memory::is_same(const detail::input_file& file, const std::string& path) const {
  const auto first = std::ranges::find_if(
      layout_.mappings, [&path](const mapping& each) { return each.offset == 0 && each.path == path; });
  if (first == layout_.mappings.end()) return true;
  Elf64_Ehdr then{};
  Elf64_Ehdr now{};
  if (!read_kept(first->begin, std::as_writable_bytes(std::span(&then, 1)))) return true;  // nobody can tell
  if (!file.read(0, now) || then.e_entry != now.e_entry || then.e_phnum != now.e_phnum) return false;
  if (now.e_phnum > most_parts) return true;  // the same
  const auto same_bytes = [&](std::uint64_t offset_then, std::uint64_t offset_now, std::size_t size) {
    std::vector<std::byte> kept(size);
    std::vector<std::byte> there(size);
    return !read_kept(first->begin + offset_then, kept) || (file.read(offset_now, there) && kept == there);
  };
  if (!same_bytes(then.e_phoff, now.e_phoff, then.e_phnum * sizeof(Elf64_Phdr))) return false;
  std::vector<Elf64_Phdr> parts(now.e_phnum);
  return file.read(now.e_phoff, std::as_writable_bytes(std::span(parts))) &&
         std::ranges::all_of(parts, [&same_bytes](const Elf64_Phdr& part) {
           return part.p_type != PT_NOTE || part.p_filesz > most_note_bytes ||
                  same_bytes(part.p_offset, part.p_offset, part.p_filesz);
         });
}

}  // namespace hocket::inspect
