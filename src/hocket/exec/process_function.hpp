#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <hocket/core/coro.hpp>
#include <hocket/exec/detail/process_archive.hpp>
#include <hocket/exec/detail/process_message.hpp>

// Which functions a worker process can run, and how a call becomes bytes.
//
// A function is named as a template argument, `submit<is_prime>(n)`. That instantiates a `process_entry` of static storage, which
// enters itself into the program's list before `main`. A worker is the same program, so its list has the same entries, and a name
// is all that has to be sent.

namespace hocket {

namespace detail {

/// A function that worker processes can run.
class process_entry {
 public:
  using plain = std::string (*)(std::string_view arguments, std::size_t limit);
  using coroutine = coro<std::string> (*)(std::string arguments, std::size_t limit);

  process_entry(std::string_view signature, std::string_view told_as, plain call, coroutine start) noexcept;
  process_entry(const process_entry&) = delete;
  process_entry& operator=(const process_entry&) = delete;

  /// The one of this program; null if there is none.
  [[nodiscard]] static const process_entry* find(std::string_view signature, std::uint32_t ordinal) noexcept;

  /// For the other process: what the linker calls it, and which one of those that it calls so (in unnamed namespaces).
  [[nodiscard]] std::string_view signature() const noexcept { return signature_; }
  [[nodiscard]] std::uint32_t ordinal() const noexcept { return ordinal_; }
  /// For people.
  [[nodiscard]] std::string_view name() const noexcept;

  // Run it here. They give the answer's message, without a seal, and throw what the function throws.
  [[nodiscard]] bool is_coroutine() const noexcept { return start_ != nullptr; }
  [[nodiscard]] std::string call(std::string_view arguments, std::size_t limit) const {
    return call_(arguments, limit);
  }
  [[nodiscard]] HOCKET_CORO_WRAPPER coro<std::string> start(std::string arguments, std::size_t limit) const {
    return start_(std::move(arguments), limit);
  }

 private:
  std::string_view signature_;
  std::string_view told_as_;
  std::uint32_t ordinal_ = 0;
  plain call_;
  coroutine start_;
  const process_entry* next_;
};

template <class T>
struct awaited_value {
  using type = std::remove_cvref_t<T>;
  static constexpr bool is_coroutine = false;
};
template <class T>
struct awaited_value<coro<T>> {
  using type = std::remove_cvref_t<T>;
  static constexpr bool is_coroutine = true;
};

template <class Result, class... Parameters>
struct process_signature_of {
  using result = typename awaited_value<Result>::type;
  using stored = std::conditional_t<std::is_void_v<result>, int, result>;
  using parameters = std::tuple<std::remove_cvref_t<Parameters>...>;
  static constexpr bool is_coroutine = awaited_value<Result>::is_coroutine;

  template <class... Args>
  static constexpr bool takes = [] {
    if constexpr (sizeof...(Args) == sizeof...(Parameters))
      return (std::is_convertible_v<const Args&, const std::remove_cvref_t<Parameters>&> && ...);
    else
      return false;
  }();

  static_assert(((!std::is_lvalue_reference_v<Parameters> || std::is_const_v<std::remove_reference_t<Parameters>>) &&
                 ...),
                "a worker process cannot change the caller's variable: take it by value or const reference");
  static_assert((std::is_default_constructible_v<std::remove_cvref_t<Parameters>> && ...),
                "the worker makes a parameter by default before it reads its value");
  static_assert(
      (cereal::traits::is_output_serializable<std::remove_cvref_t<Parameters>, cereal::BinaryOutputArchive>::value &&
       ...),
      "cereal cannot write a parameter: give its type a serialize(), or include cereal's header for it");
  static_assert(
      (cereal::traits::is_input_serializable<std::remove_cvref_t<Parameters>, cereal::BinaryInputArchive>::value &&
       ...),
      "cereal cannot read a parameter: give its type a serialize(), or include cereal's header for it");

  static_assert(std::is_void_v<result> || std::is_default_constructible_v<result>,
                "the caller's process makes a result by default before it reads its value");
  static_assert(std::is_void_v<result> ||
                    (cereal::traits::is_output_serializable<stored, cereal::BinaryOutputArchive>::value &&
                     cereal::traits::is_input_serializable<stored, cereal::BinaryInputArchive>::value),
                "cereal cannot bring the result: give its type a serialize(), or include cereal's header for it");

  /// Writes the arguments as the parameters' types: converted, if they are of others.
  template <class... Args>
  static void encode_arguments(std::string& to, std::size_t limit, std::string_view what, const Args&... args) {
    encode(to, limit, what, static_cast<const std::remove_cvref_t<Parameters>&>(args)...);
  }
};

template <class Function>
struct process_signature : process_signature<decltype(&Function::operator())> {};  // of a lambda's kind
template <class Result, class... Parameters>
struct process_signature<Result (*)(Parameters...)> : process_signature_of<Result, Parameters...> {};
template <class Result, class... Parameters>
struct process_signature<Result (*)(Parameters...) noexcept> : process_signature_of<Result, Parameters...> {};
template <class Result, class Lambda, class... Parameters>
struct process_signature<Result (Lambda::*)(Parameters...) const> : process_signature_of<Result, Parameters...> {};
template <class Result, class Lambda, class... Parameters>
struct process_signature<Result (Lambda::*)(Parameters...) const noexcept>
    : process_signature_of<Result, Parameters...> {};

template <auto Function>
using process_signature_t = process_signature<std::remove_const_t<decltype(Function)>>;

template <auto Function>
std::string call_with_bytes(std::string_view arguments, std::size_t limit) {
  using signature = process_signature_t<Function>;
  typename signature::parameters values;
  std::apply([&](auto&... each) { decode(arguments, "the arguments", each...); }, values);
  std::string answer = begin_message();
  if constexpr (std::is_void_v<typename signature::result>)
    std::apply(Function, std::move(values));
  else
    encode(answer, limit, "result",
           static_cast<const typename signature::result&>(std::apply(Function, std::move(values))));
  return answer;
}

template <auto Function, std::size_t... At>
coro<std::string> await_with_values(typename process_signature_t<Function>::parameters values, std::size_t limit,
                                    std::index_sequence<At...>) {
  std::string answer = begin_message();
  if constexpr (std::is_void_v<typename process_signature_t<Function>::result>)
    co_await Function(std::get<At>(std::move(values))...);
  else
    encode(answer, limit, "result", co_await Function(std::get<At>(std::move(values))...));
  co_return answer;
}

template <auto Function>
coro<std::string> await_with_bytes(std::string arguments, std::size_t limit) {
  typename process_signature_t<Function>::parameters values;
  std::apply([&](auto&... each) { decode(arguments, "the arguments", each...); }, values);
  co_return co_await await_with_values<Function>(std::move(values), limit,
                                                 std::make_index_sequence<std::tuple_size_v<decltype(values)>>());
}

/// A type whose name holds that of the function in full.
template <auto Function>
struct function_tag {};

template <auto Function>
std::string_view text_with_name() noexcept {
  if constexpr (requires { decltype(Function)::told_as; })
    return text_with_name<decltype(Function)::told_as>();
  else
    return __PRETTY_FUNCTION__;
}

template <auto Function>
process_entry make_process_entry() noexcept {
  if constexpr (process_signature_t<Function>::is_coroutine)
    return process_entry(typeid(function_tag<Function>).name(), text_with_name<Function>(), nullptr,
                         &await_with_bytes<Function>);
  else
    return process_entry(typeid(function_tag<Function>).name(), text_with_name<Function>(), &call_with_bytes<Function>,
                         nullptr);
}

template <auto Function>
inline const process_entry process_entry_of = make_process_entry<Function>();

}  // namespace detail

/// What `Function` returns, or, if it is a coroutine, what awaiting it gives: a value.
template <auto Function>
using process_result_t = typename detail::process_signature_t<Function>::result;

/// `Args` can be sent to `Function`: as many as it has parameters, each convertible.
template <auto Function, class... Args>
concept process_callable = detail::process_signature_t<Function>::template takes<Args...>;

/// A function and its arguments as bytes: the message that asks a worker process for the call.
class process_call {
 public:
  static constexpr std::size_t any_size = std::size_t{1} << 40;

  /// For `process_pool_options::initializer`.
  template <auto Function, class... Args>
    requires process_callable<Function, Args...>
  [[nodiscard]] static process_call of(const Args&... args) {
    return of_at_most<Function>(any_size, args...);
  }
  /// Throws `message_too_large` if the arguments take more than `limit` bytes.
  template <auto Function, class... Args>
    requires process_callable<Function, Args...>
  [[nodiscard]] static process_call of_at_most(std::size_t limit, const Args&... args) {
    process_call made(detail::process_entry_of<Function>);
    detail::process_signature_t<Function>::encode_arguments(made.message_, limit, "arguments", args...);
    return made;
  }

  // ---- for the pool

  [[nodiscard]] std::string_view function_name() const noexcept { return entry_->name(); }
  [[nodiscard]] std::string& message() noexcept { return message_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  explicit process_call(const detail::process_entry& entry);

  const detail::process_entry* entry_;
  std::string message_;
};

}  // namespace hocket
