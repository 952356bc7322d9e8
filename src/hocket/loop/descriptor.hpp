#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <hocket/base/arena.hpp>
#include <hocket/base/intrusive_list.hpp>
#include <hocket/base/process_layout.hpp>
#include <hocket/loop/io_request.hpp>

namespace hocket {

class backend;

/// The loop's record of an open file descriptor, counted by the operations in flight on it.
///
/// Closing is cancel, drain, close: the number is given back to the system only after the last operation has ended, for a
/// reused number would feed an operation that is still pending (seen on Linux 6.18). Made and closed by a `backend`.
/// The record lives on as long as an operation, begun or not, refers to it.
class descriptor : public arena_allocated {
 public:
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  /// The file descriptor; -1 once it is closed.
  [[nodiscard]] int number() const noexcept { return number_; }
  [[nodiscard]] bool is_closing() const noexcept { return closing_; }
  [[nodiscard]] intrusive_list<io_request>& in_flight() noexcept { return in_flight_; }
  [[nodiscard]] backend& owner() const noexcept { return owner_; }

  /// It was not made by this loop: others may share it, and its flags stay as they are.
  [[nodiscard]] bool is_adopted() const noexcept { return adopted_; }
  /// And it is somebody else's to close: `backend::borrow`.
  [[nodiscard]] bool is_borrowed() const noexcept { return form_ == form::borrowed; }

  /// What was opened, for the words of errors; empty for what has no path.
  [[nodiscard]] std::string_view path() const noexcept;

  void retain() noexcept { ++references_; }
  void release() noexcept {
    if (--references_ == 0) destroy();
  }

  /// What a backend that waits for readiness knows of it. "May" is true until a call showed otherwise, and again after each
  /// event.
  struct readiness {
    std::uint32_t place = 0;  // in a list of what is watched, or which of all that were
    bool watched : 1 = false;
    bool may_read : 1 = true;
    bool may_write : 1 = true;
    bool hung_up : 1 = false;  // the peer will send nothing more: a short read no longer means that nothing is left
    bool short_read_empties : 1 =
        true;  // as of TCP; a unix stream also ends a read behind bytes that came with descriptors
  };
  readiness ready;

  /// What kind of thing it is, as far as a backend has had to find out.
  enum class nature : std::uint8_t {
    unknown,  // taken for a socket until a call shows otherwise
    socket,
    pipe,  // or a FIFO, a terminal, an eventfd, ...: what is read and written, and polled
    file,  // what makes who reads it wait for a disk
  };
  nature is = nature::unknown;

 protected:
  friend class backend;

  descriptor(backend& owner, int number, bool adopted) noexcept : adopted_(adopted), number_(number), owner_(owner) {
    ready.short_read_empties = !adopted;
  }
  ~descriptor() = default;

 private:
  void destroy() noexcept;

  bool closing_ = false;
  bool adopted_;
  enum class form : std::uint8_t {
    plain,
    file,      // it is a `file_descriptor`
    borrowed,  // it is a `borrowed_number`
  };
  form form_ = form::plain;
  int number_;
  std::uint32_t references_ = 1;  // of the backend until the number is closed, and of operations
  std::uint32_t count_ = 0;       // of the requests in flight
  backend& owner_;
  intrusive_list<io_request> in_flight_;  // in order of submission

  template <class>
  friend struct detail::process_layout;
  friend class file_descriptor;
  friend class borrowed_number;
};

/// One that has a path: so the others, of which there are many more, pay nothing for it.
class file_descriptor final : public descriptor {
 private:
  friend class backend;
  friend class descriptor;

  file_descriptor(backend& owner, int number, bool adopted, std::string path) noexcept
      : descriptor(owner, number, adopted), path_(std::move(path)) {
    form_ = form::file;
  }
  ~file_descriptor() = default;

  std::string path_;
};

/// One that is somebody else's to close.
class borrowed_number final : public descriptor {
 public:
  /// Another number of it, watched in its place; the backend's.
  int stand_in = -1;

 private:
  friend class backend;
  friend class descriptor;

  borrowed_number(backend& owner, int number) noexcept : descriptor(owner, number, true) { form_ = form::borrowed; }
  ~borrowed_number() = default;

  std::uint32_t borrowers_ = 0;
};

inline std::string_view descriptor::path() const noexcept {
  return form_ == form::file ? std::string_view(static_cast<const file_descriptor&>(*this).path_) : std::string_view();
}

inline void descriptor::destroy() noexcept {
  switch (form_) {
    case form::plain:
      return delete this;
    case form::file:
      return delete static_cast<file_descriptor*>(this);
    case form::borrowed:
      return delete static_cast<borrowed_number*>(this);
  }
}

}  // namespace hocket
