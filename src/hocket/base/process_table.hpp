#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <typeinfo>

/// What a process shows of itself to others, always: where its loops are, and where in its objects the fields stand that say
/// what waits for what. Nothing is added to these objects for it, and nothing is run.
///
/// Found by ELF notes, which are loaded, have an entry of their own among the program headers, and are neither stripped nor
/// collected as garbage: a symbol of a program is not exported, and lost when that is stripped. A note of the name "hocket"
/// holds the distance from itself to what it shows: one `process_table`, and any number of `shown_types`.
/// Why so: docs/decisions/0035-a-process-shows-itself-by-notes.md.
namespace hocket::detail {

/// Types of notes.
inline constexpr std::uint32_t note_of_process_table = 1;
inline constexpr std::uint32_t note_of_shown_types = 2;

/// Offsets are in bytes, from the beginning of the class that the group is named after.
struct process_table {
  static constexpr std::array<char, 8> right_magic{'h', 'o', 'c', 'k', 'e', 't', '/', '1'};
  /// Another number: other fields, or another meaning of them. Other offsets need none.
  static constexpr std::uint32_t current_version = 3;

  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t size;  // of this struct

  const void* loops;  // a list's ends; its links are living_loop

  struct {
    std::uint32_t next, previous;
  } link;
  struct {
    std::uint32_t link, self;
  } living_loop;
  struct {
    std::uint32_t tasks, activities;  // lists' ends
    std::uint32_t runs_on, clock, last_time;
    std::uint32_t ready, batch;                         // lists' ends
    std::uint32_t steps;                                // of tasks that have ended
    std::uint32_t turns, looks, lag, lag_places;        // the last is how many counts there are
    std::uint32_t timers, timer_size, timers_in_wheel;  // a vector's ends, and the size of what is in it
    std::uint32_t backend;                              // a pointer
  } loop;
  struct {
    std::uint32_t in_flight, open;
    std::uint32_t outcomes, bytes_received, bytes_sent;  // three counts an operation: succeeded, failed, cancelled
  } backend;
  struct {
    std::uint32_t task;
  } thread_context;
  struct {
    std::uint32_t link;  // among its loop's tasks
    std::uint32_t owner, waiters, created, leaf, frame, name;
    std::uint32_t steps, made, stepped, spent;
  } task;  // a task_base, and as far as `created` any future_base
  struct {
    std::uint32_t data, length;
  } string, string_view;  // of the standard library
  struct {
    std::uint32_t link, task, what, phase;  // among its loop's
  } activity;
  struct {
    std::uint32_t link;  // among the waiters
  } ready_node;
  struct {
    std::uint32_t task, waiter, phase, is_waiting;  // the last is a value of `phase`
  } operation;
  struct {
    std::uint32_t promise;  // from a coroutine's frame to its frame_base
    std::uint32_t parent, place;
  } frame;
  struct {
    std::uint32_t file, function, line;
  } source_location;  // of what a std::source_location points to

  const std::string_view* operations;  // names of operations, and how many
  std::uint64_t operation_count;

  // The type_info of a class with one base, and of one with several: by whose own types the reader knows all others'.
  const std::type_info* one_base;
  const std::type_info* several_bases;
};

/// Offsets, one after the other: from an object to others, or of several fields.
struct way {
  std::uint32_t length = 0;
  std::array<std::uint32_t, 3> offsets{};

  constexpr way() noexcept = default;
  template <class... Offsets>
    requires(sizeof...(Offsets) > 0 && sizeof...(Offsets) <= 3)
  constexpr way(Offsets... each) noexcept : length(sizeof...(each)), offsets{static_cast<std::uint32_t>(each)...} {}
};

/// What a class with virtual functions says to those who meet an object of it, or of a class derived from it.
struct shown_type {
  enum class meaning : std::uint32_t {
    none,
    wakes,        // a ready_node that wakes a task: by each offset to the next pointer; the last leads to the task
    waits_for,    // an operation that waits for a task or future: the offset of a pointer to it
    sleeps,       // an operation that waits for a time: the offset of it, in nanoseconds of the loop's clock
    asks_system,  // an operation of I/O: the offset of a pointer to a descriptor, and in that the one of its number
    is_held_by,  // an operation that waits for what a task holds: by each offset but the last to the next pointer, the last is of the task's
    takes_from,  // an operation that waits for tasks in a list: the offset of a pointer to where that is, of the list's ends in there, and from
                 // a link to a pointer to the task
    waits_at,    // an operation that waits in the line of an object of its process: the offset of a pointer to that
    calls_process,  // an operation of which the work is another process's, or a thread's: the offset of a pointer that is null as soon as it is not in line any more, if there are three; of one that is null as long as none has it; and of its number there
    gathers,  // an operation that waits for several: by each offset but the last to the next pointer; the last is of a count
  };
  const std::type_info* type = nullptr;
  meaning says = meaning::none;
  way to{};
};

/// What a pointer to a member of a base is made of, once it is one of the derived class: an offset.
template <class Class, class Member, class Base>
std::uint32_t offset_of(Member Base::* inherited) noexcept {
  Member Class::* const member = inherited;
  return static_cast<std::uint32_t>(std::bit_cast<std::ptrdiff_t>(member));
}

/// Ends with one of which the type is null.
template <std::size_t Count>
using shown_types = std::array<shown_type, Count + 1>;

}  // namespace hocket::detail

/// At namespace scope: a note of `type` (a number) that leads to the object `symbol`, which has this name in C.
#define HOCKET_NOTE(type, symbol)                 \
  asm(".pushsection .note.hocket, \"a\", %note\n" \
      "  .balign 4\n"                             \
      "  .4byte 7, 8, " #type                     \
      "\n"                                        \
      "  .asciz \"hocket\"\n"                     \
      "  .balign 4\n"                             \
      "  .hidden " #symbol                        \
      "\n"                                        \
      "  .8byte " #symbol                         \
      " - .\n"                                    \
      ".popsection")

// For those who fill these in: offsets are asked of classes for which the standard promises none; the compilers give them.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

/// HOCKET_SHOW(Type, symbol){...}; makes that object. Nobody mentions it but a note, and yet it stays.
#define HOCKET_SHOW(Type, symbol)                             \
  extern "C" [[gnu::visibility("hidden")]] const Type symbol; \
  HOCKET_SHOWN const Type symbol
#if __has_cpp_attribute(gnu::retain)
#define HOCKET_SHOWN [[gnu::used, gnu::retain]]
#else
#define HOCKET_SHOWN [[gnu::used]]
#endif
