#pragma once

#include <bit>
#include <cstdint>

#include <elf.h>

namespace hocket::inspect::detail {

/// The kind of processor of this program, as ELF files name it.
#if defined(__x86_64__)
inline constexpr std::uint16_t own_machine = EM_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint16_t own_machine = EM_AARCH64;
#else
inline constexpr std::uint16_t own_machine = EM_NONE;  // not told apart
#endif
inline constexpr unsigned char own_byte_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

}  // namespace hocket::inspect::detail
