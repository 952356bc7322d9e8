#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <hocket/base/error.hpp>
#include <hocket/loop/detail/io_uring_operations.hpp>

namespace hocket::detail {
namespace {

struct operation_of_ring {
  std::string_view name;
  io_uring_op opcode;
  std::optional<io_op> replaceable = {};  // the one that is done in another way where the ring does not
};

// Those without which there is no use in a ring are as old as it, or nearly. Of the others, the calls of files and paths are made on
// the blocking pool instead, a zero-copy send copies, and who wants to splice is told that it cannot be done.
constexpr std::array operations{
    operation_of_ring{"poll_add", IORING_OP_POLL_ADD},
    operation_of_ring{"async_cancel", IORING_OP_ASYNC_CANCEL},
    operation_of_ring{"read", IORING_OP_READ},
    operation_of_ring{"write", IORING_OP_WRITE},
    operation_of_ring{"recv", IORING_OP_RECV},
    operation_of_ring{"send", IORING_OP_SEND},
    operation_of_ring{"recvmsg", IORING_OP_RECVMSG},
    operation_of_ring{"sendmsg", IORING_OP_SENDMSG},
    operation_of_ring{"accept", IORING_OP_ACCEPT},
    operation_of_ring{"connect", IORING_OP_CONNECT},
    operation_of_ring{"send_zc", IORING_OP_SEND_ZC, io_op::send},
    operation_of_ring{"splice", IORING_OP_SPLICE, io_op::splice},
    operation_of_ring{"openat", IORING_OP_OPENAT, io_op::open},
    operation_of_ring{"openat2", IORING_OP_OPENAT2, io_op::open_beneath},
    operation_of_ring{"fsync", IORING_OP_FSYNC, io_op::fsync},
    operation_of_ring{"readv", IORING_OP_READV, io_op::read_pieces},
    operation_of_ring{"writev", IORING_OP_WRITEV, io_op::write_pieces},
    operation_of_ring{"statx", IORING_OP_STATX, io_op::stat},
    operation_of_ring{"renameat", IORING_OP_RENAMEAT, io_op::rename},
    operation_of_ring{"mkdirat", IORING_OP_MKDIRAT, io_op::make_directory},
    operation_of_ring{"unlinkat", IORING_OP_UNLINKAT, io_op::remove},
    operation_of_ring{"linkat", IORING_OP_LINKAT, io_op::link},
    operation_of_ring{"symlinkat", IORING_OP_SYMLINKAT, io_op::symlink},
};

constexpr std::uint64_t bit_of(io_uring_op opcode) noexcept { return std::uint64_t{1} << opcode; }

constexpr std::uint64_t all_replaceable() noexcept {
  std::uint64_t bits = 0;
  for (const auto& each : operations)
    if (each.replaceable) bits |= bit_of(each.opcode);
  return bits;
}

std::uint64_t opcode_bit_named(std::string_view name) {
  if (name == "all") return all_replaceable();
  for (const auto& each : operations)
    if (each.name == name) return bit_of(each.opcode);
  std::string known;
  for (const auto& each : operations) known.append(", ").append(each.name);
  throw error(fmt::format("HOCKET_IO_URING_WITHOUT names '{}'; it may name all{}", name, known));
}

std::uint64_t taken_away() {
  const char* const variable = std::getenv("HOCKET_IO_URING_WITHOUT");
  std::uint64_t bits = 0;
  std::string_view rest = variable != nullptr ? variable : "";
  while (!rest.empty()) {
    const std::string_view name = rest.substr(0, rest.find(','));
    bits |= opcode_bit_named(name);
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return bits;
}

}  // namespace

io_uring_operations::io_uring_operations(io_uring& ring) {
  const std::unique_ptr<io_uring_probe, decltype(&io_uring_free_probe)> probe(io_uring_get_probe_ring(&ring),
                                                                              &io_uring_free_probe);
  if (probe == nullptr)
    throw std::system_error(ENOSYS, std::system_category(), "io_uring does not tell what it can do");
  const std::uint64_t unwanted = taken_away();
  is_restricted_ = unwanted != 0;
  for (const auto& each : operations) {
    if (io_uring_opcode_supported(probe.get(), each.opcode) != 0 && (unwanted & bit_of(each.opcode)) == 0)
      opcodes_ |= bit_of(each.opcode);
    else if (!each.replaceable)
      throw std::system_error(EOPNOTSUPP, std::system_category(), fmt::format("io_uring has no '{}' here", each.name));
    else if (each.opcode == IORING_OP_SEND_ZC)
      has_zero_copy_ = false;
    else
      lacking_ |= bit(*each.replaceable);
  }
}

void io_uring_operations::restrict(io_uring& ring) const {
  if (!is_restricted_) return;
  std::vector<io_uring_restriction> allowed(1);
  allowed[0].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
  allowed[0].sqe_flags = IOSQE_BUFFER_SELECT;
  for (const auto& each : operations) {
    if ((opcodes_ & bit_of(each.opcode)) == 0) continue;
    io_uring_restriction more{};
    more.opcode = IORING_RESTRICTION_SQE_OP;
    more.sqe_op = static_cast<std::uint8_t>(each.opcode);
    allowed.push_back(more);
  }
  // liburing 2.3 does not export io_uring_register_restrictions.
  if (::syscall(__NR_io_uring_register, ring.ring_fd, IORING_REGISTER_RESTRICTIONS, allowed.data(), allowed.size()) !=
      0)
    throw std::system_error(errno, std::system_category(), "io_uring_register");
}

}  // namespace hocket::detail
