#pragma once

namespace hocket::green {

/// From now on calls of the C library that would block the loop's thread wait instead, where a green thread makes them: connect, accept,
/// read, write, recv, send and their kin on sockets, pipes and terminals, poll, select, epoll_wait, sleep and its kin, getaddrinfo, gethostbyname,
/// waitpid. So code of others that blocks, a client library in C, shares the loop with everything else. Elsewhere, in coroutines, on
/// other threads, they stay as they are. Descriptors stay blocking; SO_RCVTIMEO and SO_SNDTIMEO are kept.
///
/// Cancelled, the call fails with ECANCELED, as every further one does after a millisecond, and `cancelled` is thrown by the next `green::wait` or when the
/// function that the green thread or its time-out runs has returned: no exception passes code in C.
///
/// The program must be linked with this; it puts its own functions in the place of the C library's. See docs/green.md for what cannot be
/// reached so. Counterpart: gevent.monkey.patch_all.
void patch_all() noexcept;
[[nodiscard]] bool is_patched() noexcept;

}  // namespace hocket::green
