#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include <pthread.h>

namespace hocket::green::preload {

/// What pthread_create has made: a thread to the program, which runs as a green thread on the hub.
class green_thread {
 public:
  using function = void* (*)(void*);

  /// Begins one. Throws `std::system_error` if there is no memory for its stack.
  static pthread_t start(function run, void* argument, std::size_t stack_size, bool is_detached);

  /// The one that runs here; null on any other thread. Also in its child by fork, which is the same thread to the program.
  [[nodiscard]] static green_thread* current() noexcept;
  /// True in one that parks to wait: not in a child, where nobody would go on with it.
  [[nodiscard]] static bool waits_here() noexcept;
  /// Who bears the number; null for a thread, and for one that is gone.
  [[nodiscard]] static std::shared_ptr<green_thread> find(pthread_t number);

  [[nodiscard]] pthread_t number() const noexcept { return reinterpret_cast<pthread_t>(this); }

  /// Waits until it has ended, and takes its result; its number is free then. An error number of pthread_join's.
  static int join(pthread_t number, void** result, const timespec* deadline, clockid_t clock);
  static int detach(pthread_t number);

  /// Ends the current one, whatever it stands in, by an exception.
  [[noreturn]] static void exit(void* result);

  /// How many have not ended.
  [[nodiscard]] static const std::atomic<std::size_t>& count() noexcept;

  [[nodiscard]] const std::atomic<bool>& has_ended() const noexcept { return has_ended_; }

  // Variables of its own by pthread's keys. What is of a key that was deleted is none.
  [[nodiscard]] void* value(pthread_key_t key) const;
  void set_value(pthread_key_t key, const void* value);

  /// From its beginning to its end, on its stack.
  void run() noexcept;

  std::string name{};

 private:
  struct owned {
    unsigned generation = 0;  // of the key
    void* value = nullptr;
  };

  void drop_values() noexcept;

  function run_;
  void* argument_;
  void* result_ = nullptr;
  bool is_detached_;
  bool is_joined_ = false;
  std::atomic<bool> has_ended_ = false;
  std::unordered_map<pthread_key_t, owned> values_;

 public:
  green_thread(function run, void* argument, bool is_detached) noexcept
      : run_(run), argument_(argument), is_detached_(is_detached) {}
};

/// What belongs to a key of pthread's, for green threads.
struct key {
  std::atomic<unsigned> generation = 0;
  std::atomic<void (*)(void*)> destructor = nullptr;
};
[[nodiscard]] key& key_of(pthread_key_t number) noexcept;

}  // namespace hocket::green::preload
