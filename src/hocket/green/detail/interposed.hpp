#pragma once

namespace hocket::green::detail {

/// Whether a call that would block is to wait: made by a green thread, after `patch_all`.
[[nodiscard]] bool may_wait_here() noexcept;
/// False in a child of vfork, too, which must leave alone what it shares with its parent. Asks the system.
[[nodiscard]] bool is_own_process() noexcept;

/// In a child of fork: whoever was in accept on another thread is not here, to end its turn.
void forget_turns_to_accept() noexcept;

// Do nothing. Whoever calls them links the functions that stand in the same files, which nobody asks for by name.
void keep_interposed_sockets() noexcept;
void keep_interposed_files() noexcept;
void keep_interposed_waits() noexcept;
void keep_interposed_lookups() noexcept;

}  // namespace hocket::green::detail
