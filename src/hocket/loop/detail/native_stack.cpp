// The unwinder of C++ exceptions walks the stack. Of the frames that it finds in a handler, those above the interrupted one are the
// handler's own; the interrupted one is the first whose address is no return address.
//
// dladdr(3) knows only what a file exports, which of a program is next to nothing: the names come from the file's own table of
// symbols, unless it was stripped.

#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <unwind.h>

#include <hocket/base/demangled.hpp>
#include <hocket/loop/detail/native_stack.hpp>

namespace hocket::detail {

// The thread sanitizer calls handlers later, where no frame was interrupted: then it is the handler's frames, and those that called it.
void native_stack::take_interrupted() noexcept {
  count_ = 0;
  const auto add = [](_Unwind_Context* at, void* to) -> _Unwind_Reason_Code {
    auto& stack = *static_cast<native_stack*>(to);
    int was_interrupted = 0;
    const std::size_t address = ::_Unwind_GetIPInfo(at, &was_interrupted);
    const bool is_handlers_own = stack.count_ == 0 && was_interrupted == 0;
    if (is_handlers_own) return _URC_NO_REASON;
    if (address == 0 || stack.count_ == stack.frames_.size()) return _URC_END_OF_STACK;
    stack.frames_[stack.count_++] = {.address = address, .is_return_address = was_interrupted == 0};
    return _URC_NO_REASON;
  };
  ::_Unwind_Backtrace(add, this);
  if (count_ > 0) return;
  const auto add_any = [](_Unwind_Context* at, void* to) -> _Unwind_Reason_Code {
    auto& stack = *static_cast<native_stack*>(to);
    const std::size_t address = ::_Unwind_GetIP(at);
    if (address == 0 || stack.count_ == stack.frames_.size()) return _URC_END_OF_STACK;
    stack.frames_[stack.count_++] = {.address = address};
    return _URC_NO_REASON;
  };
  ::_Unwind_Backtrace(add_any, this);
}

namespace {

using elf_header = ElfW(Ehdr);
using elf_section = ElfW(Shdr);
using elf_symbol = ElfW(Sym);

/// A file in memory, to read from.
class mapped_file {
 public:
  explicit mapped_file(const char* path) noexcept {
    const int number = ::open(path, O_RDONLY | O_CLOEXEC);
    if (number < 0) return;
    struct stat about{};
    if (::fstat(number, &about) == 0 && about.st_size > 0) {
      const auto size = static_cast<std::size_t>(about.st_size);
      void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, number, 0);
      if (at != MAP_FAILED) bytes_ = {static_cast<const std::byte*>(at), size};
    }
    ::close(number);
  }
  ~mapped_file() {
    if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
  mapped_file(const mapped_file&) = delete;

  /// So many of `T` at `offset`; none if the file ends before.
  template <class T>
  [[nodiscard]] std::span<const T> at(std::size_t offset, std::size_t count) const noexcept {
    if (offset > bytes_.size() || count > (bytes_.size() - offset) / sizeof(T) || offset % alignof(T) != 0) return {};
    return {reinterpret_cast<const T*>(bytes_.data() + offset), count};
  }

 private:
  std::span<const std::byte> bytes_;
};

/// The name of the function at `address`, of which the file says that it is there before it is loaded elsewhere.
std::optional<std::string> function_in(const mapped_file& file, std::size_t address) {
  const auto header = file.at<elf_header>(0, 1);
  if (header.empty() || std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0) return std::nullopt;
  const auto sections = file.at<elf_section>(header[0].e_shoff, header[0].e_shnum);
  for (const elf_section& each : sections) {
    if (each.sh_type != SHT_SYMTAB || each.sh_link >= sections.size()) continue;
    const elf_section& names = sections[each.sh_link];
    const auto text = file.at<char>(names.sh_offset, names.sh_size);
    if (text.empty() || text.back() != '\0') continue;
    for (const elf_symbol& symbol : file.at<elf_symbol>(each.sh_offset, each.sh_size / sizeof(elf_symbol))) {
      const bool is_here = (symbol.st_info & 0xf) == STT_FUNC && address - symbol.st_value < symbol.st_size;
      if (is_here && symbol.st_name < text.size()) return demangled(text.data() + symbol.st_name);
    }
  }
  return std::nullopt;
}

std::string describe(std::size_t address) {
  Dl_info found{};
  link_map* object = nullptr;
  const void* const at = reinterpret_cast<const void*>(address);
  if (::dladdr1(at, &found, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) == 0 || found.dli_fname == nullptr)
    return fmt::format("{:#x}", address);
  const std::string_view path = found.dli_fname;
  const std::size_t in_file = address - object->l_addr;
  const std::string place = fmt::format("{}+{:#x}", path.substr(path.rfind('/') + 1), in_file);
  if (found.dli_sname != nullptr) return fmt::format("{} ({})", demangled(found.dli_sname), place);
  const bool is_program = *object->l_name == '\0';  // whose path may be relative to a folder that was left
  const auto function = function_in(mapped_file(is_program ? "/proc/self/exe" : found.dli_fname), in_file);
  return function ? fmt::format("{} ({})", *function, place) : place;
}

}  // namespace

std::string native_stack::text() const {
  std::string lines;
  for (std::size_t n = 0; n < count_; ++n) {
    const frame& each = frames_[n];
    lines += fmt::format("  #{} {}\n", n, describe(each.address - (each.is_return_address ? 1 : 0)));
  }
  return lines;
}

}  // namespace hocket::detail
